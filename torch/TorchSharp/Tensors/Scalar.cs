using System.Runtime.InteropServices;

using TorchSharp.Native;

using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>A plain number as an operator's argument: a bool, an integer or a floating-point number. Holds nothing native.</summary>
public sealed class Scalar : IDisposable
{
    private readonly long integer;
    private readonly double number;

    private Scalar(ScalarType type, long integer, double number)
    {
        Type = type;
        this.integer = integer;
        this.number = number;
    }

    public ScalarType Type { get; }

    public static implicit operator Scalar(bool value) => new(ScalarType.Bool, value ? 1 : 0, 0);
    public static implicit operator Scalar(byte value) => (long)value;
    public static implicit operator Scalar(sbyte value) => (long)value;
    public static implicit operator Scalar(short value) => (long)value;
    public static implicit operator Scalar(int value) => (long)value;
    public static implicit operator Scalar(long value) => new(ScalarType.Int64, value, 0);
    public static implicit operator Scalar(Half value) => (double)value;
    public static implicit operator Scalar(float value) => (double)value;
    public static implicit operator Scalar(double value) => new(ScalarType.Float64, 0, value);

    /// <summary>There is nothing to free; here because TorchSharp's has it.</summary>
    public void Dispose()
    {
    }

    internal Arg ToArg() => Type switch
    {
        ScalarType.Bool => integer != 0,
        ScalarType.Int64 => integer,
        _ => number,
    };

    internal double AsDouble => Type == ScalarType.Float64 ? number : integer;

    /// <summary>A floating-point number is cut at the point, as libtorch does; one that no integer can hold is refused, as libtorch does.</summary>
    internal long AsInteger => Type != ScalarType.Float64 ? integer
        : number is >= long.MinValue and < 9.2233720368547758e18 ? (long)number
        : throw new ExternalException("value cannot be converted to type int64_t without overflow");
}
