namespace TorchSharp;

/// <summary>How a tensor is written out. The subset writes type, shape and device for all of them, and the values where asked for.</summary>
public enum TensorStringStyle
{
    Metadata,
    Julia,
    Numpy,
    CSharp,
    Default,
}
