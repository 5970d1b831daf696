namespace Px.Demo;

/// <summary>The demo cannot go on for a reason that the user can do something about; the message says what.</summary>
internal sealed class DemoException : Exception
{
    public DemoException(string message) : base(message) { }

    public DemoException(string message, Exception cause) : base(message, cause) { }
}
