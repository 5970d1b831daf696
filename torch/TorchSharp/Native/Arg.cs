using System.Text;

namespace TorchSharp.Native;

/// <summary>One argument of an <see cref="Op"/>: a plain value, or an object that is looked into when the operator is called.</summary>
internal readonly struct Arg
{
    private readonly ValueTag tag;
    private readonly long bits;

    /// <summary>A tensor, generator, array or list; kept alive by the caller until the call is over.</summary>
    internal readonly object? Object;

    private Arg(ValueTag tag, long bits, object? obj)
    {
        this.tag = tag;
        this.bits = bits;
        Object = obj;
    }

    /// <summary>No value; takes what the operator means by <c>None</c>.</summary>
    internal static Arg None => default;

    internal static Arg List(IEnumerable<torch.Tensor> tensors) => new(ValueTag.TensorList, 0, tensors as torch.Tensor?[] ?? [.. tensors]);

    /// <summary>Tensors of which some may be missing, as <c>aten::index</c> takes them.</summary>
    internal static Arg OptionalList(torch.Tensor?[] tensors) => new(ValueTag.TensorList, 0, tensors);

    private static Arg Maybe(ValueTag tag, object? obj) => obj is null ? default : new(tag, 0, obj);

    public static implicit operator Arg(torch.Tensor? value) => Maybe(ValueTag.Tensor, value);
    public static implicit operator Arg(bool value) => new(ValueTag.Bool, value ? 1 : 0, null);
    public static implicit operator Arg(int value) => new(ValueTag.Long, value, null);
    public static implicit operator Arg(long value) => new(ValueTag.Long, value, null);
    public static implicit operator Arg(double value) => new(ValueTag.Double, BitConverter.DoubleToInt64Bits(value), null);
    public static implicit operator Arg(bool? value) => value is { } given ? given : default(Arg);
    public static implicit operator Arg(long? value) => value is { } given ? given : default(Arg);
    public static implicit operator Arg(double? value) => value is { } given ? given : default(Arg);
    public static implicit operator Arg(Scalar? value) => value?.ToArg() ?? default;
    public static implicit operator Arg(torch.ScalarType value) => (long)value;
    public static implicit operator Arg(torch.ScalarType? value) => value is { } given ? given : default(Arg);
    public static implicit operator Arg(torch.Device? value) => value is null ? default : new(ValueTag.Device, value.Packed, null);
    public static implicit operator Arg(torch.Generator? value) => Maybe(ValueTag.Generator, value);
    public static implicit operator Arg(string? value) => Maybe(ValueTag.String, value is null ? null : Encoding.UTF8.GetBytes(value));
    public static implicit operator Arg(long[]? value) => Maybe(ValueTag.LongList, value);
    public static implicit operator Arg(ReadOnlySpan<long> value) => new(ValueTag.LongList, 0, value.ToArray());
    public static implicit operator Arg(double[]? value) => Maybe(ValueTag.DoubleList, value);
    public static implicit operator Arg(bool[]? value) => Maybe(ValueTag.BoolList, value);
    public static implicit operator Arg(List<torch.Tensor> value) => List(value);

    /// <summary>How many bytes <see cref="Write"/> needs for what a list contains.</summary>
    internal int ContentSize => Object switch
    {
        long[] items => items.Length * sizeof(long),
        double[] items => items.Length * sizeof(double),
        torch.Tensor?[] items => items.Length * sizeof(long),
        bool[] items => Aligned(items.Length),
        byte[] items => Aligned(items.Length),
        _ => 0,
    };

    /// <summary>Writes what libtorch gets to see, lists copied to <paramref name="content"/>, which moves on past them.</summary>
    internal unsafe void Write(Value* value, ref byte* content)
    {
        value->Tag = tag;
        value->Count = 0;
        value->Integer = bits;
        switch (Object)
        {
            case null:
                return;
            case torch.Tensor tensor:
                value->Pointer = tensor.Handle;
                return;
            case torch.Generator generator:
                value->Pointer = generator.Handle;
                return;
            case torch.Tensor?[] tensors:
                value->Count = tensors.Length;
                for (var i = 0; i < tensors.Length; i++) ((IntPtr*)content)[i] = tensors[i]?.Handle ?? IntPtr.Zero;
                break;
            case long[] items:
                value->Count = items.Length;
                items.CopyTo(new Span<long>(content, items.Length));
                break;
            case double[] items:
                value->Count = items.Length;
                items.CopyTo(new Span<double>(content, items.Length));
                break;
            case bool[] items:
                value->Count = items.Length;
                items.CopyTo(new Span<bool>(content, items.Length));
                break;
            case byte[] items:
                value->Count = items.Length;
                items.CopyTo(new Span<byte>(content, items.Length));
                break;
        }
        value->Pointer = (IntPtr)content;
        content += ContentSize;
    }

    /// <summary>Lists start where a long may start.</summary>
    private static int Aligned(int size) => (size + 7) & ~7;
}
