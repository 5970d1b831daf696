using System.Reflection;
using Px.Pruning.Engine;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// The tensors and channel counts of one layer: as it was found, or with fewer channels. Owns its handles.
internal sealed class LayerState : IDisposable
{
    private static readonly string[] fields = ["_weight", "_bias", "_running_mean", "_running_var"];

    private readonly bool trainsWeight, trainsBias;
    private bool isOriginal;

    private LayerState(Tensor? weight, Tensor? bias, Tensor? mean, Tensor? variance, bool trainsWeight, bool trainsBias)
    {
        (Weight, Bias, Mean, Variance) =
            (weight?.DetachFromDisposeScope(), bias?.DetachFromDisposeScope(), mean?.DetachFromDisposeScope(),
            variance?.DetachFromDisposeScope());
        (this.trainsWeight, this.trainsBias) = (trainsWeight, trainsBias);
    }

    internal Tensor? Weight { get; }

    internal Tensor? Bias { get; }

    internal Tensor? Mean { get; }

    internal Tensor? Variance { get; }

    internal IEnumerable<Tensor> Tensors => new[] { Weight, Bias, Mean, Variance }.OfType<Tensor>();

    internal long Inputs { get; private init; }

    internal long Outputs { get; private init; }

    internal long Groups { get; private init; }

    // The layer as it is: handles on its own tensors, which outlive being replaced.
    internal static LayerState Of(nn.Module module)
    {
        var (weight, bias, mean, variance) = module switch
        {
            Convolution m => (m.weight, m.bias, null, null),
            Linear m => (m.weight, m.bias, null, null),
            NormBase m => (m.weight, m.bias, m.running_mean, m.running_var),
            GroupNorm m => (m.weight, m.bias, null, null),
            LayerNorm m => (m.weight, m.bias, null, null),
            PReLU m => ((Tensor?)m.weight, (Tensor?)null, (Tensor?)null, (Tensor?)null),
            _ => throw new InvalidOperationException($"A {module.GetType().Name} has no channels to lose."),
        };
        var (inputs, outputs, groups) = module switch
        {
            Convolution m => (m.in_channels, m.out_channels, m.groups),
            Linear m => (m.weight.shape[1], m.weight.shape[0], 1),
            NormBase m => (m.num_features, m.num_features, m.num_features),
            GroupNorm m => (0, 0, m.num_groups),
            PReLU m => (m.num_parameters, m.num_parameters, m.num_parameters),
            _ => (0L, 0L, 1L),
        };
        return new LayerState(weight?.alias(), bias?.alias(), mean?.alias(), variance?.alias(), weight?.requires_grad
            ?? false, bias?.requires_grad ?? false)
        { Inputs = inputs, Outputs = outputs, Groups = groups };
    }

    // The layer as it was found: its own parameters and buffers, not handles on them. Install puts the same objects back.
    internal static LayerState Original(nn.Module module)
    {
        using var handles = Of(module);
        var own = Fields(module).ToDictionary(field => field.Name, field => (Tensor?)field.GetValue(module));
        Tensor? At(string name) => own.GetValueOrDefault(name);
        return new LayerState(At("_weight"), At("_bias"), At("_running_mean"), At("_running_var"), handles.trainsWeight, handles.trainsBias)
        { isOriginal = true, Inputs = handles.Inputs, Outputs = handles.Outputs, Groups = handles.Groups };
    }

    // Takes a layer's tensors out of its fields: the properties' setters would dispose them.
    internal static List<Tensor> Take(nn.Module module)
    {
        var taken = new List<Tensor>();
        foreach (var field in Fields(module))
        {
            if (field.GetValue(module) is Tensor tensor) taken.Add(tensor);
            field.SetValue(module, null);
        }

        return taken;
    }

    private static IEnumerable<FieldInfo> Fields(nn.Module module)
    {
        for (var type = module.GetType(); type is not null; type = type.BaseType)
            foreach (string name in fields)
                if (type.GetField(name,
                    BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly) is { } field) yield return field;
    }

    // The layer with some of its channels: copies, in no graph. biasShift: What is added to the bias before, [outputs before], float64;
    // null for nothing.
    // meanShift: What is added to the running mean before; null for nothing.
    internal static LayerState Select(nn.Module module, int[] inputs, int[] outputs, long groups, Tensor? biasShift, Tensor? meanShift)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var found = Of(module);
        return new LayerState(
            found.Weight is { } weight ? SelectWeight(module, weight.detach(), inputs, outputs) : null,
            Select(Shifted(found.Bias, biasShift), outputs), Select(Shifted(found.Mean, meanShift), outputs),
            Select(found.Variance, outputs),
            found.trainsWeight, found.trainsBias) { Inputs = inputs.Length, Outputs = outputs.Length, Groups = groups };
    }

    // The part of a weight, or of anything in its shape, that belongs to these channels. Fresh.
    internal static Tensor SelectWeight(nn.Module module, Tensor weight, int[] inputs, int[] outputs)
    {
        using var scope = NewDisposeScope();
        using Tensor ins = Indices(inputs, weight.device), outs = Indices(outputs, weight.device);
        var (first, second, groups) = module switch
        {
            Convolution { transposed: true } m => (ins, outs, m.groups),
            Convolution m => (outs, ins, m.groups),
            Linear => (outs, ins, 1L),
            _ => (outs, outs, 0L), // a parameter for each channel
        };
        var part = weight.index_select(0, first);
        // In groups, which go as a whole, the second dimension counts within one.
        if (groups == 1) part = part.index_select(1, second);
        return part.contiguous().MoveToOuterDisposeScope();
    }

    // Puts the tensors and counts into the layer, which would dispose those it has: take them first.
    internal void Install(nn.Module module)
    {
        switch (module)
        {
            case Convolution m:
                m.weight = Parameter(Weight!, trainsWeight);
                if (Bias is not null) m.bias = Parameter(Bias, trainsBias);
                m.groups = Groups;
                ChannelField.Set(m, nameof(m.in_channels), Inputs);
                ChannelField.Set(m, nameof(m.out_channels), Outputs);
                break;
            case Linear m:
                m.weight = Parameter(Weight!, trainsWeight);
                if (Bias is not null) m.bias = Parameter(Bias, trainsBias);
                (m.in_features, m.out_features) = (Inputs, Outputs);
                break;
            case NormBase m:
                if (Weight is not null) m.weight = Parameter(Weight, trainsWeight);
                if (Bias is not null) m.bias = Parameter(Bias, trainsBias);
                if (Mean is not null) m.running_mean = Buffer(Mean);
                if (Variance is not null) m.running_var = Buffer(Variance);
                ChannelField.Set(m, nameof(m.num_features), Outputs);
                break;
            case GroupNorm m:
                if (Weight is not null) m.weight = Parameter(Weight, trainsWeight);
                if (Bias is not null) m.bias = Parameter(Bias, trainsBias);
                m.num_groups = Groups;
                break;
            case PReLU m:
                m.weight = Parameter(Weight!, trainsWeight);
                ChannelField.Set(m, nameof(m.num_parameters), Outputs);
                break;
            default:
                throw new InvalidOperationException($"A {module.GetType().Name} has no channels to lose.");
        }
    }

    // The layer's own operator in evaluation mode on these tensors, in the dtype of x. Fresh.
    internal Tensor Apply(HookedModule hooked, Tensor x)
    {
        using var scope = NewDisposeScope();
        Tensor? w = Cast(Weight, x), b = Cast(Bias, x), mean = Cast(Mean, x), variance = Cast(Variance, x);
        var y = hooked.Module switch
        {
            BatchNorm m => nn.functional.batch_norm(x, mean, variance, w, b, mean is null, 0, m.eps),
            InstanceNorm m => nn.functional.instance_norm(x, mean, variance, w, b, mean is null, 0, m.eps),
            GroupNorm m => nn.functional.group_norm(x, Groups, w, b, m.eps),
            LayerNorm m => nn.functional.layer_norm(x, m.normalized_shape, w, b, m.eps),
            PReLU => nn.functional.prelu(x, w!),
            _ => hooked.Weighted!.Apply(x, w!, b, Groups),
        };
        return y.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        Weight?.Dispose();
        Bias?.Dispose();
        Mean?.Dispose();
        Variance?.Dispose();
    }

    // Otherwise of an alias: a Parameter takes the handle over, and this state must be able to do it again.
    private Parameter Parameter(Tensor tensor, bool trains) => isOriginal ? (Parameter)tensor : new(tensor.alias(), trains);

    private Tensor Buffer(Tensor tensor) => isOriginal ? tensor : tensor.alias();

    private static Tensor? Shifted(Tensor? found, Tensor? shift) =>
        found is null || shift is null ? found : (found.detach().to(float64) + shift).to(found.dtype);

    private static Tensor? Select(Tensor? tensor, int[] channels)
    {
        if (tensor is null) return null;
        using var indices = Indices(channels, tensor.device);
        return tensor.detach().index_select(0, indices).MoveToOuterDisposeScope();
    }

    private static Tensor Indices(int[] channels, Device device) =>
        tensor(channels.Select(channel => (long)channel).ToArray(), device: device);

    private static Tensor? Cast(Tensor? tensor, Tensor like) => tensor?.detach().to(like.dtype);
}

// Writes the channel counts that TorchSharp's layers check their input against and have no setter for. What is behind the property is the
// compiler's own field, so that this holds for as long as the property is an automatic one.
internal static class ChannelField
{
    // Writes an Int64 property that has no public setter. NotSupportedException: This TorchSharp keeps the number elsewhere.
    internal static void Set(object layer, string property, long value)
    {
        var type = layer.GetType();
        for (var declaring = type; declaring is not null; declaring = declaring.BaseType)
        {
            var field = declaring.GetField($"<{property}>k__BackingField",
                BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
            if (field is null) continue;
            field.SetValue(layer, value);
            return;
        }

        throw new NotSupportedException(
            $"This version of TorchSharp keeps {type.Name}.{property} where it cannot be changed, so that a layer cannot lose channels. "
            + "Please report the version.");
    }
}
