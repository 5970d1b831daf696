namespace Px.Pruning;

/// <summary>Thrown when a method does not apply to a network: its scores would be wrong. The model is left as it was found.</summary>
public sealed class UnsupportedModelException : NotSupportedException
{
    /// <summary>Creates the exception without details.</summary>
    public UnsupportedModelException() : this("This pruning method does not support the model.") { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">Which module, why, and how to change the model.</param>
    public UnsupportedModelException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">Which module, why, and how to change the model.</param>
    /// <param name="innerException">The cause.</param>
    public UnsupportedModelException(string message, Exception? innerException) : base(message, innerException) { }

    /// <summary>The path of the module in the model (<c>layer1.0.conv1</c>), or an empty string if unknown.</summary>
    public string Module { get; init; } = "";
}
