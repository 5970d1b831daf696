using System.Globalization;
using static TorchSharp.torch;

namespace Px.Pruning.Shrinking;

// What is said of a network that cannot be shrunk.
internal static class ShrinkFaults
{
    internal static ArgumentException NoLayers() => new(
        "The model has no convolution and no linear layer: nothing in it has channels to lose. Layers in arrays or lists are not "
        + "registered; use ModuleList or Sequential.", "model");

    internal static UnsupportedModelException NotOfNumbers(ScalarType type) => new(
        $"An input of the network is {type}, such as indices or a mask. Which channels are constant is found by random numbers, and none "
        + "can be chosen for such an input. Shrink a network whose inputs are all floating-point: for example one "
        + "that takes what the indices look up.");

    internal static ShrinkException Broken(string module, Exception? cause) => new(
        $"Without the removed channels the network does not run{(module.Length == 0 ? "" : $": '{module}' fails")}"
        + (cause is null ? "" : $": {cause.Message.Split('\n')[0].TrimEnd('.')}")
        + ". The model is as it was. Leave layers around it out with ShrinkOptions.Layers; where a mask is bound to the model, pass it as "
        + "ShrinkOptions.Binding.", cause)
    { Module = module };

    internal static ShrinkException Of(OutputComparison.Fault fault) =>
        fault.Exception is null ? Rewired(fault.Module) : Broken(fault.Module, fault.Exception);

    private static ShrinkException Rewired(string module) => new(
        $"Without the removed channels the network is another one: what reaches '{module}' differs; the model is as it was. The code "
        + "before it depends on more than its input, such as chance, or on the number of channels. Leave layers around it out with "
        + "ShrinkOptions.Layers.")
    { Module = module };

    internal static ShrinkException Different(double difference, double tolerance) => new(string.Create(CultureInfo.InvariantCulture,
        $"Without the removed channels the network's outputs differ by {difference:0.0e+0} of the largest, more than "
        + $"{tolerance:0.0e+0}; the model is as it was. Its forward depends on more than its input, such as chance or the number "
        + $"of channels; or its outputs are not finite."));

    // Of channels that were chosen to be removed, after a trial without others.
    internal static ShrinkException Stays(string why) => new(
        $"Channels that were chosen cannot be removed: {why}. The model is as it was. A trial without other channels went well, so that "
        + "its forward depends on which or how many there are. Leave layers around it out with ShrinkOptions.Layers.");
}
