namespace Px.Pruning.Models.Data.Pipeline;

/// <summary>Turns a decoded mask into labels, [H, W].</summary>
/// <param name="mask">As decoded.</param>
/// <param name="path">Its file, for messages.</param>
internal delegate byte[] MaskReader(DecodedImage mask, string path);
