namespace Px.Pruning.Models.Data.Pipeline;

// Pictures by number, as bytes: from memory, or decoded from files each time.
internal interface ISampleSource
{
    int Count { get; }

    int Channels { get; }

    // One picture, and the label of its every pixel where it has them. Called by several threads at once.
    // Throws IOException if a file cannot be read.
    // Throws InvalidDataException if a file cannot be decoded, or is not what it should be; the message names it.
    Sample Read(int index);
}
