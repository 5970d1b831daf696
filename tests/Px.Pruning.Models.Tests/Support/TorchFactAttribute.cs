namespace Px.Pruning.Models.Tests.Support;

/// <summary>A test that runs a script of <c>Reference/</c> with a Python that has PyTorch, skipped with the reason where there is none.</summary>
internal sealed class TorchFactAttribute : FactAttribute
{
    // The system's own Python has Debian's python3-torch, whatever comes first on the path.
    private static readonly string? Python = Array.Find<string>(["python3", "/usr/bin/python3"], HasTorch);

    public TorchFactAttribute() => Skip = Python is null ? "There is no python3 with torch (Debian: python3-torch)." : null;

    /// <summary>The lines that a script prints.</summary>
    public static string[] RunScript(string script, params string[] arguments) =>
        PythonFactAttribute.Run(Python!, [Path.Combine(AppContext.BaseDirectory, "Reference", script), .. arguments]).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    // Found without importing it, which takes seconds.
    private static bool HasTorch(string python)
    {
        try
        {
            PythonFactAttribute.Run(python, "-c", "import importlib.util, sys; sys.exit(not getattr(importlib.util.find_spec('torch'), 'origin', None))");
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
