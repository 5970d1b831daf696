namespace Px.Samples;

/// <summary>The program cannot go on for a reason that the user can do something about; the message says what.</summary>
public sealed class SampleException : Exception
{
    public SampleException(string message) : base(message) { }

    public SampleException(string message, Exception cause) : base(message, cause) { }
}
