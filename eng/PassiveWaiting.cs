using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

/// <summary>
/// Lets libtorch's idle threads sleep. By default they spin, which on a machine with other work makes everything slower, tenfold and more. OpenMP reads
/// the variable once, when libtorch is loaded, so it is set when the program starts. Compiled into each application and test project of this repository.
/// </summary>
internal static class PassiveWaiting
{
    private const string Variable = "OMP_WAIT_POLICY", Value = "passive";

#pragma warning disable CA2255 // test projects are libraries by their output and applications by what they do
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Set()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not null) return;
        Environment.SetEnvironmentVariable(Variable, Value);
        // Elsewhere .NET keeps a copy of the environment of its own, which native code does not see.
        if (!OperatingSystem.IsWindows()) _ = SetNative(Variable, Value, 0);
    }

    [DllImport("libc", EntryPoint = "setenv", BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int SetNative([MarshalAs(UnmanagedType.LPStr)] string name, [MarshalAs(UnmanagedType.LPStr)] string value, int overwrite);
}
