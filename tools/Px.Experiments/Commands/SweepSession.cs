using Microsoft.Extensions.Logging;
using Px.Experiments.Inputs;
using Px.Experiments.Running;
using Px.Runner;
using Px.Runner.Display;
using TorchSharp;

namespace Px.Experiments.Commands;

/// <summary>Puts together what makes cells.</summary>
internal static class SweepSession
{
    /// <summary>Sets up a sweep.</summary>
    /// <param name="options">What the command line asks for.</param>
    /// <param name="terminal">Where lines go.</param>
    /// <exception cref="ProgramException">The folder can neither be used nor created.</exception>
    public static Sweep Open(SweepOptions options, Terminal terminal)
    {
        var device = Devices.Choose(options.Cuda);
        if (options.Threads is { } threads)
            torch.set_num_threads(threads);
        var folder = Folder(options.Output);
        var logger = new LineLogger(terminal, options.Verbose ? LogLevel.Information : LogLevel.Warning, options.Log);
        return new Sweep(
            folder, new InputLoader(options.Data, options.Weights, folder, terminal), new CellRunner(folder, options.Protocol, device, terminal, logger), terminal, logger);
    }

    private static string Folder(string path)
    {
        try
        {
            return Directory.CreateDirectory(path).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException($"Cannot write to --output '{path}': {e.Message}", e);
        }
    }
}
