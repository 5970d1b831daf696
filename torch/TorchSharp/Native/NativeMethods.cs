using System.Reflection;
using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>The C functions of <c>libpxtorch</c> (<c>torch/native</c>), and where that library is found.</summary>
internal static unsafe partial class NativeMethods
{
    private const string Library = "pxtorch";

    private static string? version;

    static NativeMethods() => NativeLibrary.SetDllImportResolver(typeof(NativeMethods).Assembly, Resolve);

    /// <summary>libtorch's version, e.g. 1.13.1.</summary>
    internal static string Version => version ??= Marshal.PtrToStringUTF8(px_version())!;

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Library) return IntPtr.Zero;
        var file = OperatingSystem.IsWindows() ? "pxtorch.dll" : OperatingSystem.IsMacOS() ? "libpxtorch.dylib" : "libpxtorch.so";
        string[] folders = [AppContext.BaseDirectory, Path.GetDirectoryName(assembly.Location) ?? ""];
        var path = folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists) ?? throw new DllNotFoundException(
            $"{file} is not in {AppContext.BaseDirectory}: run ./build.sh (or torch/build-native.sh, then build again), which compiles it against this machine's libtorch.");
        return NativeLibrary.Load(path); // says itself which libtorch it misses
    }

    [LibraryImport(Library)] internal static partial IntPtr px_last_error();
    [LibraryImport(Library)] internal static partial IntPtr px_version();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int px_operator_find(string name, string overload, out IntPtr op);
    [LibraryImport(Library)] internal static partial int px_operator_call(IntPtr op, Value* arguments, int count, Value* results, int capacity);
    [LibraryImport(Library)] internal static partial void px_list_free(IntPtr handles);

    [LibraryImport(Library)] internal static partial void px_tensor_free(IntPtr tensor);
    [LibraryImport(Library)] internal static partial IntPtr px_tensor_alias(IntPtr tensor);
    [LibraryImport(Library)] internal static partial IntPtr px_tensor_identity(IntPtr tensor);
    [LibraryImport(Library)] internal static partial long px_tensor_ndim(IntPtr tensor);
    [LibraryImport(Library)] internal static partial long px_tensor_numel(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int px_tensor_sizes(IntPtr tensor, long* sizes, int capacity);
    [LibraryImport(Library)] internal static partial int px_tensor_strides(IntPtr tensor, long* strides, int capacity);
    [LibraryImport(Library)] internal static partial long px_tensor_storage_offset(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int px_tensor_dtype(IntPtr tensor);
    [LibraryImport(Library)] internal static partial long px_tensor_device(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int px_tensor_is_contiguous(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int px_tensor_is_sparse(IntPtr tensor);
    [LibraryImport(Library)] internal static partial IntPtr px_tensor_data(IntPtr tensor, out int failed);
    [LibraryImport(Library)] internal static partial int px_tensor_is_leaf(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int px_tensor_requires_grad(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int px_tensor_set_requires_grad(IntPtr tensor, int value);
    [LibraryImport(Library)] internal static partial int px_tensor_retain_grad(IntPtr tensor);
    [LibraryImport(Library)] internal static partial int px_tensor_grad(IntPtr tensor, out IntPtr grad);
    [LibraryImport(Library)] internal static partial int px_tensor_set_grad(IntPtr tensor, IntPtr grad);

    [LibraryImport(Library)]
    internal static partial int px_backward(IntPtr* roots, int rootCount, IntPtr* grads, int gradCount, int retainGraph, int createGraph, IntPtr* inputs, int inputCount);

    [LibraryImport(Library)]
    internal static partial int px_grad(IntPtr* outputs, int outputCount, IntPtr* inputs, int inputCount, IntPtr* grads, int gradCount, int retainGraph, int createGraph, int allowUnused, IntPtr* results);

    [LibraryImport(Library)] internal static partial int px_grad_mode();
    [LibraryImport(Library)] internal static partial void px_set_grad_mode(int enabled);
    [LibraryImport(Library)] internal static partial int px_inference_mode();
    [LibraryImport(Library)] internal static partial IntPtr px_inference_mode_enter(int enabled);
    [LibraryImport(Library)] internal static partial void px_inference_mode_leave(IntPtr guard);

    [LibraryImport(Library)] internal static partial int px_num_threads();
    [LibraryImport(Library)] internal static partial int px_set_num_threads(int count);
    [LibraryImport(Library)] internal static partial int px_num_interop_threads();
    [LibraryImport(Library)] internal static partial int px_set_num_interop_threads(int count);

    [LibraryImport(Library)] internal static partial int px_cuda_is_available();
    [LibraryImport(Library)] internal static partial int px_cuda_cudnn_is_available();
    [LibraryImport(Library)] internal static partial int px_cuda_device_count();
    [LibraryImport(Library)] internal static partial int px_cuda_synchronize(long index);
    [LibraryImport(Library)] internal static partial int px_cuda_manual_seed(ulong seed, int all);
    [LibraryImport(Library)] internal static partial int px_allow_tf32(int where);
    [LibraryImport(Library)] internal static partial int px_set_allow_tf32(int where, int allow);

    [LibraryImport(Library)] internal static partial int px_manual_seed(ulong seed);
    [LibraryImport(Library)] internal static partial IntPtr px_generator_default(long device);
    [LibraryImport(Library)] internal static partial IntPtr px_generator_new(ulong seed, long device);
    [LibraryImport(Library)] internal static partial void px_generator_free(IntPtr generator);
    [LibraryImport(Library)] internal static partial int px_generator_set_seed(IntPtr generator, ulong seed);
    [LibraryImport(Library)] internal static partial int px_generator_initial_seed(IntPtr generator, out ulong seed);
    [LibraryImport(Library)] internal static partial int px_generator_reseed(IntPtr generator, out ulong seed);
    [LibraryImport(Library)] internal static partial IntPtr px_generator_state(IntPtr generator);
    [LibraryImport(Library)] internal static partial int px_generator_set_state(IntPtr generator, IntPtr state);

    [LibraryImport(Library)] internal static partial int px_benchmark_add(IntPtr a, IntPtr b, long count);
}
