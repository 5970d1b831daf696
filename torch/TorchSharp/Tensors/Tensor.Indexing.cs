using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    // tensor[…], reading and writing.
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => select(0, i1);
            set => Write(select(0, i1), value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => index((TensorIndex[])[i1, i2]);
            set => index_put_(value, (TensorIndex[])[i1, i2]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => index((TensorIndex[])[i1, i2, i3]);
            set => index_put_(value, (TensorIndex[])[i1, i2, i3]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => index((TensorIndex[])[i1, i2, i3, i4]);
            set => index_put_(value, (TensorIndex[])[i1, i2, i3, i4]);
        }

        public Tensor index(params Tensor[] indices) => Aten.index_Tensor.Call(this, Arg.OptionalList(indices));

        public Tensor index(params TensorIndex[] indices)
        {
            using var temporaries = NewDisposeScope();
            var (view, tensors) = View(indices);
            var result = tensors.Length > 0 ? Aten.index_Tensor.Call(view, Arg.OptionalList(tensors)) : ReferenceEquals(view, this) ? alias() : view;
            return result.MoveToOuterDisposeScope();
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false) =>
            Aten.index_put_.CallInPlace(this, Arg.OptionalList(indices), value, accumulate);

        public Tensor index_put_(Scalar value, params Tensor[] indices)
        {
            using var element = Element(value);
            return index_put_(element, indices, false);
        }

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            using var temporaries = NewDisposeScope();
            var (view, tensors) = View(indices);
            if (tensors.Length > 0) Aten.index_put_.CallVoid(view, Arg.OptionalList(tensors), value, accumulate);
            else if (accumulate) view.add_(value);
            else view.copy_(value);
            return this;
        }

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using var element = Element(value);
            return index_put_(element, indices, false);
        }

        private static void Write(Tensor view, Tensor value)
        {
            using (view) view.copy_(value);
        }

        private Tensor Element(Scalar value) => Aten.scalar_tensor.Call(value, dtype, Arg.None, device);

        /// <summary>Applies everything but tensors; those are returned, one a dimension of the view, null for "all of it".</summary>
        private (Tensor view, Tensor?[] tensors) View(TensorIndex[] indices)
        {
            var view = this;
            var dim = 0;
            List<Tensor?> tensors = [];
            foreach (var index in indices)
            {
                switch (index.kind)
                {
                    case TensorIndex.Kind.None:
                        view = view.unsqueeze(dim++);
                        break;
                    case TensorIndex.Kind.Ellipsis:
                        dim += (int)ndim - indices.Sum(DimensionsTaken);
                        break;
                    case TensorIndex.Kind.Single:
                        view = view.select(dim, index.start ?? throw new ArgumentNullException(nameof(indices)));
                        break;
                    case TensorIndex.Kind.Slice:
                        if (index.step <= 0) throw new ExternalException("step must be greater than zero");
                        view = Aten.slice_Tensor.Call(view, dim++, index.start, index.stop, index.step ?? 1);
                        break;
                    case TensorIndex.Kind.Bool:
                        view = view.unsqueeze(dim);
                        At(tensors, dim++, Aten.scalar_tensor.Call(index.start != 0, ScalarType.Bool, Arg.None, device).unsqueeze(0));
                        break;
                    case TensorIndex.Kind.Tensor:
                        At(tensors, dim, index.tensor!);
                        dim += DimensionsTaken(index);
                        break;
                }
            }
            return (view, [.. tensors]);
        }

        private static int DimensionsTaken(TensorIndex index) => index.kind switch
        {
            TensorIndex.Kind.Single or TensorIndex.Kind.Slice => 1,
            TensorIndex.Kind.Tensor => index.tensor!.dtype is ScalarType.Bool or ScalarType.Byte ? (int)index.tensor.ndim : 1,
            _ => 0,
        };

        /// <summary>aten::index counts places, and a mask of n dimensions takes n of the tensor's in one place.</summary>
        private static void At(List<Tensor?> tensors, int dim, Tensor tensor)
        {
            var taken = tensors.Sum(earlier => earlier is { dtype: ScalarType.Bool or ScalarType.Byte } ? (int)earlier.ndim : 1);
            for (; taken < dim; taken++) tensors.Add(null);
            tensors.Add(tensor);
        }
    }
}
