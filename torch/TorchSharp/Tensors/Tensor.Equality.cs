using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    // Equality of whole tensors; `==` compares element by element and is in Tensor.Operators.cs.
    public partial class Tensor
    {
        /// <summary>Same shape and same values; another element type does not matter.</summary>
        public bool Equals(Tensor target)
        {
            if (target is null || !shape.AsSpan().SequenceEqual(target.shape)) return false;
            if (dtype == target.dtype) return Aten.equal.CallBool(this, target);
            using var temporaries = NewDisposeScope();
            return eq(target).all().ToBoolean();
        }

        public override bool Equals(object? obj) => obj is Tensor target && Equals(target);

        /// <summary>By identity: values change.</summary>
        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }
}
