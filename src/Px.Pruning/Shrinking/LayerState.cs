using System.Reflection;
using Px.Pruning.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// The tensors and channel counts of one layer, before or after channels were removed. Owns its handles.
internal sealed class LayerState : IDisposable
{
    internal const BindingFlags Declared = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly string[] FieldNames = ["_weight", "_bias", "_running_mean", "_running_var"];

    private readonly bool trainsWeight, trainsBias;
    private bool isOriginal;

    private LayerState(Tensor? weight, Tensor? bias, Tensor? mean, Tensor? variance, bool trainsWeight, bool trainsBias)
    {
        (Weight, Bias) = (weight?.DetachFromDisposeScope(), bias?.DetachFromDisposeScope());
        (Mean, Variance) = (mean?.DetachFromDisposeScope(), variance?.DetachFromDisposeScope());
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

    // The layer as it is: handles on its own tensors, which stay valid when the tensors are replaced.
    internal static LayerState Of(nn.Module module)
    {
        (Tensor? weight, Tensor? bias, long inputs, long outputs, long groups) = module switch
        {
            Convolution m => ((Tensor?)m.weight, (Tensor?)m.bias, m.in_channels, m.out_channels, m.groups),
            Linear m => (m.weight, m.bias, m.weight.shape[1], m.weight.shape[0], 1L),
            NormBase m => (m.weight, m.bias, m.num_features, m.num_features, m.num_features),
            GroupNorm m => (m.weight, m.bias, 0L, 0L, m.num_groups),
            LayerNorm m => (m.weight, m.bias, 0L, 0L, 1L),
            PReLU m => (m.weight, null, m.num_parameters, m.num_parameters, m.num_parameters),
            _ => throw NoChannels(module),
        };
        Tensor? mean = (module as NormBase)?.running_mean, variance = (module as NormBase)?.running_var;
        bool trainsWeight = weight?.requires_grad ?? false, trainsBias = bias?.requires_grad ?? false;
        return new LayerState(weight?.alias(), bias?.alias(), mean?.alias(), variance?.alias(), trainsWeight, trainsBias)
        { Inputs = inputs, Outputs = outputs, Groups = groups };
    }

    // The layer's own parameters and buffers, not handles on them, so that Install puts the same objects back.
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
        {
            foreach (string name in FieldNames)
                if (type.GetField(name, Declared) is { } field) yield return field;
        }
    }

    // The layer with some of its channels: copies, in no graph. The shifts, float64 with an entry for each output before, are added to bias
    // and running mean.
    internal static LayerState Select(nn.Module module, int[] inputs, int[] outputs, long groups, Tensor? biasShift, Tensor? meanShift)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var found = Of(module);
        return new LayerState(
            found.Weight is { } weight ? SelectWeight(module, weight.detach(), inputs, outputs) : null,
            Select(Shifted(found.Bias, biasShift), outputs), Select(Shifted(found.Mean, meanShift), outputs),
            Select(found.Variance, outputs), found.trainsWeight, found.trainsBias)
        { Inputs = inputs.Length, Outputs = outputs.Length, Groups = groups };
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
        // Groups go as a whole, and the second dimension counts within one group.
        if (groups == 1) part = part.index_select(1, second);
        return part.contiguous().MoveToOuterDisposeScope();
    }

    // Puts the tensors and counts into the layer, whose setters dispose the tensors before: take those first.
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
                throw NoChannels(module);
        }
    }

    // The layer's own operator in evaluation mode on these tensors, in the dtype of x. Fresh.
    internal Tensor Apply(HookedModule hooked, Tensor x)
    {
        using var scope = NewDisposeScope();
        Tensor? w = Cast(Weight, x), b = Cast(Bias, x);
        var y = hooked switch
        {
            { Norm: { } norm } => norm.Apply(x, Cast(Mean, x), Cast(Variance, x), w, b, groups: Groups),
            { Weighted: { } layer } => layer.Apply(x, w!, b, Groups),
            _ => nn.functional.prelu(x, w!),
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

    // A new Parameter takes over the handle of an alias, so that this state can be installed again.
    private Parameter Parameter(Tensor tensor, bool trains) => isOriginal ? (Parameter)tensor : new(tensor.alias(), trains);

    private Tensor Buffer(Tensor tensor) => isOriginal ? tensor : tensor.alias();

    private static InvalidOperationException NoChannels(nn.Module module) => new($"A {module.GetType().Name} has no channels to lose.");

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

// Writes the channel counts that TorchSharp's layers check their input against and have no setter for: automatic properties, whose field
// the compiler names. Throws a NotSupportedException for a TorchSharp that keeps the number elsewhere.
internal static class ChannelField
{
    internal static void Set(object layer, string property, long value)
    {
        var type = layer.GetType();
        for (var declaring = type; declaring is not null; declaring = declaring.BaseType)
        {
            if (declaring.GetField($"<{property}>k__BackingField", LayerState.Declared) is not { } field) continue;
            field.SetValue(layer, value);
            return;
        }

        throw new NotSupportedException(
            $"This version of TorchSharp keeps {type.Name}.{property} where it cannot be changed, so that a layer cannot lose channels. "
            + "Please report the version.");
    }
}
