namespace Px.Pruning.Models.Data.Pipeline;

// Turns a decoded mask into labels, [H, W].
internal delegate byte[] MaskReader(DecodedImage mask, string path);
