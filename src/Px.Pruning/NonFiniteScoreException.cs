using TorchSharp;
using static TorchSharp.torch;

namespace Px.Pruning;

/// <summary>Thrown when a score is NaN or infinite, so that weights cannot be ranked. The model is left as it was found.</summary>
public sealed class NonFiniteScoreException : ArithmeticException
{
    internal const string Remedy =
        "Check that its weights and its output on the pruning data are finite, prune a float32 or float64 model instead of a "
        + "half-precision one, scale the inputs down, or give more images where norm layers take their statistics from them: "
        + "a pooled feature of one image has no variance.";

    /// <summary>Creates the exception without details.</summary>
    public NonFiniteScoreException() : this("A pruning score is NaN or infinite.") { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What was found and what to try.</param>
    public NonFiniteScoreException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What was found and what to try.</param>
    /// <param name="innerException">The cause.</param>
    public NonFiniteScoreException(string message, Exception? innerException) : base(message, innerException) { }

    internal static void ThrowIfAny(string name, Tensor scores)
    {
        using var finite = scores.isfinite();
        using var all = finite.all();
        if (!all.ToBoolean()) throw new NonFiniteScoreException($"Scores of '{name}' are NaN or infinite. {Remedy}") { Parameter = name };
    }

    /// <summary>The name of the parameter whose scores are not finite, or an empty string if unknown.</summary>
    public string Parameter { get; init; } = "";
}
