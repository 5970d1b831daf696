namespace Px.Demo.CommandLines;

/// <summary>The command line asks for something that there is not; the message is one line for the user.</summary>
internal sealed class UsageException(string message) : Exception(message);
