namespace TorchSharp.Native;

/// <summary>What a <see cref="Value"/> holds. Mirrors <c>px::Tag</c> in <c>native/abi.h</c>, number by number.</summary>
internal enum ValueTag
{
    None = 0,
    Tensor = 1,
    Bool = 2,
    Long = 3,
    Double = 4,
    LongList = 5,
    DoubleList = 6,
    BoolList = 7,
    Device = 8,
    Generator = 9,
    String = 10,
    TensorList = 11,
}
