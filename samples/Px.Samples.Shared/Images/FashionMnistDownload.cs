using System.Security.Cryptography;
using Px.Samples.Display;

namespace Px.Samples.Images;

/// <summary>Gets the official files over https; what does not have the right checksum never gets its final name.</summary>
public sealed class FashionMnistDownload(HttpClient client)
{
    /// <summary>Downloads files into a folder, which is created.</summary>
    /// <exception cref="HttpRequestException">A server cannot be reached or refuses.</exception>
    /// <exception cref="IOException">The connection breaks, or the folder cannot be written.</exception>
    /// <exception cref="InvalidDataException">A file is not the one its authors published.</exception>
    /// <exception cref="TimeoutException">A server does not answer.</exception>
    public void Fetch(IReadOnlyList<FashionMnistFile> files, string folder, Terminal terminal, CancellationToken token)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in files)
        {
            // Two runs at once must not write into each other's files.
            var partial = Path.Combine(folder, $"{file.ZippedName}.{Guid.NewGuid():N}.partial");
            try
            {
                Fetch(file, partial, terminal, token);
                File.Move(partial, Path.Combine(folder, file.ZippedName), overwrite: true);
            }
            catch (OperationCanceledException e) when (!token.IsCancellationRequested)
            {
                throw new TimeoutException($"{FashionMnistFile.Address.Host} does not answer.", e);
            }
            finally
            {
                File.Delete(partial);
            }
        }
    }

    private void Fetch(FashionMnistFile file, string path, Terminal terminal, CancellationToken token)
    {
        using var bar = new ProgressBar(terminal, $"downloading {file.ZippedName}", "bytes", file.Length);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(FashionMnistFile.Address, file.ZippedName));
        using var response = client.Send(request, HttpCompletionOption.ResponseHeadersRead, token).EnsureSuccessStatusCode();
        using var source = response.Content.ReadAsStream(token);
        using var target = File.Create(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        var buffer = new byte[81_920];
        var received = 0L;
        for (int count; (count = source.Read(buffer)) > 0;)
        {
            token.ThrowIfCancellationRequested();
            received += count;
            if (received > file.Length)
                break;
            target.Write(buffer, 0, count);
            hash.AppendData(buffer, 0, count);
            bar.Report(received);
        }

        if (received != file.Length || !Convert.ToHexStringLower(hash.GetHashAndReset()).Equals(file.Sha256, StringComparison.Ordinal))
            throw new InvalidDataException($"{request.RequestUri} is not the file that its authors published (SHA-256 {file.Sha256}).");
    }
}
