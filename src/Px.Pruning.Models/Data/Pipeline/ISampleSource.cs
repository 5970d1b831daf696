namespace Px.Pruning.Models.Data.Pipeline;

/// <summary>Pictures by number, as bytes: from memory, or decoded from files each time.</summary>
internal interface ISampleSource
{
    int Count { get; }

    int Channels { get; }

    /// <summary>One picture, and the label of its every pixel where it has them. Called by several threads at once.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file cannot be decoded, or is not what it should be; the message names it.</exception>
    Sample Read(int index);
}
