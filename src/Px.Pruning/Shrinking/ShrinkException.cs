namespace Px.Pruning.Shrinking;

/// <summary>Thrown when the network without the removed channels does not run or has other outputs. The model is as it was found.</summary>
public sealed class ShrinkException : InvalidOperationException
{
    /// <summary>Creates the exception without details.</summary>
    public ShrinkException() : this("The network could not be shrunk.") { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What was found, in which module, and what to do.</param>
    public ShrinkException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What was found, in which module, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public ShrinkException(string message, Exception? innerException) : base(message, innerException) { }

    /// <summary>The path of the module in the model (<c>layer1.0.conv1</c>), or an empty string where it is not known.</summary>
    public string Module { get; init; } = "";
}
