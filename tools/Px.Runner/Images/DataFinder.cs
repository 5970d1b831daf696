using Px.Pruning.Models.Data.Downloads;
using Px.Runner.Display;

namespace Px.Runner.Images;

/// <summary>Finds the folder of a published data set: one that is given, one that the system has, or a cache that is filled from the network.</summary>
/// <param name="download">Fills the cache.</param>
/// <param name="terminal">Where a download shows how far it is.</param>
public sealed class DataFinder(DatasetDownload download, Terminal terminal)
{
    /// <summary>Where Debian's package <c>dataset-fashion-mnist</c> puts its files.</summary>
    public const string FashionMnistPackage = "/usr/share/datasets/fashion-mnist";

    /// <param name="given">The user's folder, taken as it is; null to look for one.</param>
    /// <param name="archive">The data set.</param>
    /// <param name="package">The folder of a system package that may hold it; null where there is none.</param>
    /// <param name="token">Stops a download.</param>
    /// <exception cref="ProgramException">It is nowhere; the message says which file to put where.</exception>
    public string Find(string? given, DatasetArchive archive, string? package, CancellationToken token)
    {
        if (given is not null)
            return given;
        if (package is not null && Directory.Exists(package))
            return package;
        try
        {
            using var bar = new DownloadBar(terminal, archive.Name);
            return download.GetAsync(archive, bar, token).GetAwaiter().GetResult();
        }
        catch (FileNotFoundException e)
        {
            throw new ProgramException($"{e.Message} Or name a folder that has it with --data.", e);
        }
    }

    private sealed class DownloadBar(Terminal terminal, string name) : IProgress<DownloadProgress>, IDisposable
    {
        private ProgressBar? bar;
        private string? file;

        public void Report(DownloadProgress value)
        {
            if (file != value.File)
            {
                Dispose();
                (bar, file) = (new ProgressBar(terminal, $"downloading {name}", "bytes", value.Total ?? long.MaxValue), value.File);
            }

            bar!.Report(value.Received, value.File);
        }

        public void Dispose() => bar?.Dispose();
    }
}
