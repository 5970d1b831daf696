namespace Px.Pruning.Models;

/// <summary>The distribution that a network's first weights are drawn from. Norm layers begin with 1 and 0 in all of them.</summary>
public enum WeightInitialization
{
    /// <summary>
    /// torchvision's. Convolutions: Kaiming normal with fan-out, std = √(2 / fan_out), biases 0. Linear layers: weights and bias uniform in
    /// ±1/√fan_in in a <see cref="ResNet"/>, weights normal with std = 0.01 and bias 0 in a <see cref="Vgg"/>. The PX paper has it for
    /// ResNet-18 and ResNet-50.
    /// </summary>
    FanOut,

    /// <summary>
    /// Convolutions and linear layers: Kaiming normal with fan-in, std = √(2 / fan_in), biases uniform in ±1/√fan_in.
    /// The pruning-at-initialisation papers have it for their small networks, the PX paper for VGG-16.
    /// </summary>
    FanIn,
}
