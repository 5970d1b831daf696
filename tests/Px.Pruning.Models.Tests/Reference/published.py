"""What the scripts of published networks share: layers as functions of tensors that a formula makes, in float64, and how an answer is written down."""
import math

import torch
import torch.nn.functional as F

from torchvision_models import fill, values


class Parameters:
    """Hands out the formula's tensors by name and shape, and remembers them: the state dict of the network that asks."""

    def __init__(self):
        self.shapes = {}

    def __call__(self, name, *shape):
        self.shapes[name] = list(shape)
        tensor = torch.empty(shape)
        fill(name, tensor)
        return tensor.double()


def images(*shape):
    return torch.from_numpy((values("input", math.prod(shape)) * math.sqrt(3.0)).astype("float32")).reshape(shape).double()


def convolution(p, name, x, outputs, kernel, stride=1, dilation=1, groups=1, bias=False):
    weight = p(name + ".weight", outputs, x.shape[1] // groups, kernel, kernel)
    return F.conv2d(x, weight, p(name + ".bias", outputs) if bias else None, stride, dilation * (kernel // 2), dilation, groups)


def norm(p, name, x):
    mean, variance, scale, shift = (p(f"{name}.{part}", x.shape[1]) for part in ("running_mean", "running_var", "weight", "bias"))
    return F.batch_norm(x, mean, variance, scale, shift)


def trained(shapes):
    """The number of parameters among named shapes, which leaves norms' statistics out."""
    return sum(math.prod(shape) for name, shape in shapes.items() if ".running_" not in name and not name.endswith("num_batches_tracked"))


def answer(network, pictures, count=200):
    """Shape, largest magnitude, and every n-th element of the output, n a prime so that rows and channels are all met; how far it moves, relative to
    the largest, when the pictures are mirrored: far more than a test's tolerance, or the test would see nothing of the first layers."""
    output, mirrored = network(pictures), network(pictures.flip(3))
    if output.dim() == 4:
        mirrored = mirrored.flip(3)
    flat, largest = output.flatten(), output.abs().max().item()
    sensitivity = (mirrored - output).abs().max().item() / largest
    assert sensitivity > 1e-3
    step = next(n for n in range(max(1, flat.numel() // count), flat.numel() + 2) if all(n % d for d in range(2, int(n**0.5) + 1)))
    return {"shape": list(output.shape), "largest": largest, "sensitivity": float(f"{sensitivity:.1e}"), "step": step, "values": [round(v, 9) for v in flat[::step].tolist()]}
