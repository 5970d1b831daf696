namespace Px.Runner.CommandLines;

/// <summary>The command line asks for something that there is not; the message is one line for the user.</summary>
public sealed class UsageException(string message) : Exception(message);
