using System.Reflection;

namespace Px.Pruning.Shrinking;

/// <summary>
/// Writes the channel counts that TorchSharp's layers check their input against and have no setter for. What is behind the property is
/// the compiler's own field, so that this holds for as long as the property is an automatic one.
/// </summary>
internal static class ChannelField
{
    /// <summary>Writes an <c>Int64</c> property that has no public setter.</summary>
    /// <exception cref="NotSupportedException">This TorchSharp keeps the number elsewhere.</exception>
    internal static void Set(object layer, string property, long value)
    {
        var type = layer.GetType();
        for (var declaring = type; declaring is not null; declaring = declaring.BaseType)
        {
            var field = declaring.GetField($"<{property}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
            if (field is null) continue;
            field.SetValue(layer, value);
            return;
        }

        throw new NotSupportedException(
            $"This version of TorchSharp keeps {type.Name}.{property} where it cannot be changed, so that a layer cannot lose channels. Please report the version.");
    }
}
