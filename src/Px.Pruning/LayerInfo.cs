namespace Px.Pruning;

/// <summary>What a report needs to know of a layer, beyond its mask.</summary>
/// <param name="Name">The parameter's name, for example <c>layer1.0.conv1.weight</c>.</param>
/// <param name="Type">The layer's type, for example <c>Conv2d</c>.</param>
/// <param name="Shape">The parameter's shape: [out, in / groups, …], or [in, out / groups, …] where transposed.</param>
/// <param name="Transposed">Whether this is a transposed convolution.</param>
/// <param name="Groups">The layer's groups, 1 for linear layers.</param>
/// <param name="Positions">
/// How often a sample uses each weight: output positions, input positions where transposed; null where it is not known.
/// </param>
internal sealed record LayerInfo(string Name, string Type, long[] Shape, bool Transposed, long Groups, long? Positions);
