namespace Px.Benchmarks.Comparison;

/// <summary>Whom the library is compared with.</summary>
internal enum Opponent
{
    /// <summary>The authors' way in C#, on the same libtorch: equal terms.</summary>
    Authors,

    /// <summary>The authors' way in Python, on the libtorch that Python has.</summary>
    Python,
}
