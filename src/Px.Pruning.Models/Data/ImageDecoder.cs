namespace Px.Pruning.Models.Data;

/// <summary>Decodes one JPEG, PNG or other image file; this library has no decoder of its own. Called by several threads at once.</summary>
/// <remarks>
/// With the package StbImageSharp:
/// <code>
/// ImageDecoder decoder = stream =>
/// {
///     var image = ImageResult.FromStream(stream, ColorComponents.RedGreenBlue);
///     return new DecodedImage(image.Data, channels: 3, image.Height, image.Width);
/// };
/// </code>
/// </remarks>
/// <param name="stream">The file from its beginning; it can seek. The caller disposes it.</param>
/// <returns>The picture.</returns>
public delegate DecodedImage ImageDecoder(Stream stream);
