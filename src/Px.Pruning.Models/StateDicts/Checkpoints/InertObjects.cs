namespace Px.Pruning.Models.StateDicts.Checkpoints;

// Classes and functions that training scripts leave beside the weights: of optimizers, schedulers, NumPy and Python's standard library.
// They are passed over like anything unknown with AllowUnknownObjects: nothing of theirs is made or called.
internal static class InertObjects
{
    // Modules all of whose names are harmless because none is ever called.
    private static readonly string[] Packages = ["torch.optim", "torch.amp", "torch.cuda.amp", "numpy"];

    private static readonly HashSet<string> Names =
    [
        "argparse.Namespace", "types.SimpleNamespace", "functools.partial", "copyreg._reconstructor", "copy_reg._reconstructor",
        "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone", "decimal.Decimal", "uuid.UUID",
        "pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath",
        "pathlib._local.Path", "pathlib._local.PosixPath", "pathlib._local.WindowsPath",
        "torch.torch_version.TorchVersion", "torch.strided", "torch.sparse_coo", "torch.contiguous_format", "torch.preserve_format",
        "torch.channels_last", "torch.channels_last_3d", "torch.per_tensor_affine", "torch.per_channel_affine",
        "torch.per_channel_affine_float_qparams", "torch.serialization._get_layout",
        .. Builtins("builtins"), .. Builtins("__builtin__"),
    ];

    internal static bool Contains(string module, string name) =>
        Array.Exists(Packages, package => module.StartsWith(package, StringComparison.Ordinal)
            && (module.Length == package.Length || module[package.Length] == '.'))
        || Names.Contains($"{module}.{name}");

    // getattr is how a scheduler's methods are written down: OneCycleLR keeps one.
    private static IEnumerable<string> Builtins(string module) => ((string[])
    [
        "getattr", "object", "int", "long", "float", "bool", "str", "unicode", "list", "tuple", "dict", "slice", "range", "xrange",
    ]).Select(name => $"{module}.{name}");
}
