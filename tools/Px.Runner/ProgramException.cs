namespace Px.Runner;

/// <summary>The program cannot go on for a reason that the user can do something about; the message says what.</summary>
public sealed class ProgramException : Exception
{
    public ProgramException(string message) : base(message) { }

    public ProgramException(string message, Exception cause) : base(message, cause) { }
}
