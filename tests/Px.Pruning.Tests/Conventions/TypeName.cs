using System.Reflection;

namespace Px.Pruning.Tests.Conventions;

/// <summary>Types as C# writes them, without namespaces: <c>IReadOnlyList&lt;string?&gt;</c>.</summary>
internal static class TypeName
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool", [typeof(byte)] = "byte",
        [typeof(int)] = "int", [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double",
    };

    public static string Of(Type type) => Of(type, arguments: null, isNullable: false);

    public static string Of(NullabilityInfo info)
    {
        var isNullable = !info.Type.IsValueType && (info.ReadState == NullabilityState.Nullable || info.WriteState == NullabilityState.Nullable);
        return Of(info.Type, info, isNullable);
    }

    private static string Of(Type type, NullabilityInfo? arguments, bool isNullable)
    {
        if (type.IsByRef) type = type.GetElementType()!;
        var mark = isNullable ? "?" : "";
        if (Nullable.GetUnderlyingType(type) is { } underlying) return Of(underlying) + "?";
        if (type.IsArray) return (arguments?.ElementType is { } element ? Of(element) : Of(type.GetElementType()!)) + "[]" + mark;
        if (Keywords.TryGetValue(type, out var keyword)) return keyword + mark;
        if (!type.IsGenericType) return type.Name + mark;

        var nullable = arguments?.GenericTypeArguments ?? [];
        var own = type.GetGenericArguments();
        var names = nullable.Length == own.Length ? nullable.Select(Of) : own.Select(Of);
        return type.Name.StartsWith("ValueTuple`", StringComparison.Ordinal)
            ? $"({string.Join(", ", names)})"
            : $"{type.Name.Split('`')[0]}<{string.Join(", ", names)}>{mark}";
    }
}
