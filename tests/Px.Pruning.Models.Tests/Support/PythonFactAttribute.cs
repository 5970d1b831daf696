using System.Diagnostics;

namespace Px.Pruning.Models.Tests.Support;

/// <summary>A test that runs a script of <c>Reference/</c> with python3 and its standard library, skipped with the reason where there is none.</summary>
internal sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute()
    {
        try
        {
            Run("python3", "-c", "");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Skip = $"There is no python3: {e.Message}";
        }
    }

    /// <summary>The lines that a script prints.</summary>
    public static string[] RunScript(string script, params string[] arguments) =>
        Run("python3", [Path.Combine(AppContext.BaseDirectory, "Reference", script), .. arguments]).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What a program prints; an <see cref="InvalidOperationException"/> with its errors where it fails.</summary>
    public static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException(errors.Result);
    }
}
