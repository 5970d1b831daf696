namespace Px.Tests.Shared;

/// <summary>Reads broken files and counts those that were read and those that were refused; anything that is not documented fails the test.</summary>
internal sealed class DocumentedExceptions(params Type[] others)
{
    public int Read { get; private set; }

    public int Refused { get; private set; }

    /// <summary>Allowed are <see cref="IOException"/>, <see cref="InvalidDataException"/> and the types given to the constructor, not types derived from those.</summary>
    /// <param name="file">The file, for the message.</param>
    /// <param name="read">Reads it.</param>
    public void Try(byte[] file, Action read)
    {
        try
        {
            read();
            Read++;
        }
        catch (Exception e) when (e is IOException or InvalidDataException || others.Contains(e.GetType()))
        {
            Refused++;
        }
        catch (Exception e)
        {
            Assert.Fail($"{e.GetType()} is not documented. The file is {Convert.ToHexString(file.AsSpan(0, Math.Min(file.Length, 2000)))}.\n{e}");
        }
    }
}
