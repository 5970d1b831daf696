using System.Globalization;

namespace TorchSharp;

public static partial class torch
{
    // A tensor as text.
    public partial class Tensor
    {
        private const int ValuesShown = 1000;

        /// <summary>Shape, element type and device, e.g. <c>[2x3], type = Float32, device = cpu</c>.</summary>
        public override string ToString() => handle == IntPtr.Zero ? "[invalid tensor]" : $"[{string.Join('x', shape)}], type = {dtype}, device = {device}";

        /// <summary>The same, followed by the values (the first thousand) unless the style is <see cref="TorchSharp.TensorStringStyle.Metadata"/>. One form serves all other styles.</summary>
        public string ToString(TorchSharp.TensorStringStyle style, string? fltFormat = null, int? width = null, CultureInfo? cultureInfo = null, string? newLine = null)
        {
            if (style == TorchSharp.TensorStringStyle.Metadata) return ToString();
            using var temporaries = NewDisposeScope();
            using var mode = no_grad();
            var all = reshape(-1);
            var shown = all.narrow(0, 0, Math.Min(NumberOfElements, ValuesShown)).to(ScalarType.Float64, CPU).data<double>().ToArray();
            var values = string.Join(", ", shown.Select(value => value.ToString(fltFormat ?? "g5", cultureInfo ?? CultureInfo.InvariantCulture)));
            return $"{this}, value = [{values}{(NumberOfElements > ValuesShown ? ", ..." : "")}]";
        }
    }
}
