"""What one evaluation of a network does at each operator: f as it is, and the path networks that the methods derive from it.

The linear operators are common to all passes; each pass says which weights and biases they take and what a norm layer, a
ReLU and a max-pool do. `weights` maps a weight's name to the value to use; `state` holds all other tensors of the network.
"""
from contextlib import contextmanager

import torch
import torch.nn.functional as F

EPSILON = 1e-5


def channels(v):
    """A vector over channels, to be multiplied with [B, C, H, W]."""
    return v.view(1, -1, 1, 1)


class Pass:
    """The linear operators without a bias, the identity for a ReLU, a max-pool by its own maximum."""

    def __init__(self, weights, state=None):
        self.weights, self.state = weights, state

    def bias(self, name):
        return None

    def conv(self, name, x, stride, padding, dilation=1, groups=1):
        return F.conv2d(x, self.weights[f"{name}.weight"], self.bias(name), stride, padding, dilation, groups)

    def conv_transpose(self, name, x, stride):
        return F.conv_transpose2d(x, self.weights[f"{name}.weight"], self.bias(name), stride)

    def linear(self, name, x):
        return F.linear(x, self.weights[f"{name}.weight"], self.bias(name))

    def avg_pool(self, x, kernel, stride):
        return F.avg_pool2d(x, kernel, stride)

    def relu(self, name, x):
        return x

    def max_pool(self, name, x, kernel, stride, padding):
        return F.max_pool2d(x, kernel, stride, padding)


class Values(Pass):
    """f: the network itself. Remembers each ReLU's gate, each max-pool's argmax, each norm layer's mean and variance."""

    watch = None  # a list that collects what every gate and every max-pool decides on; see rounding.py

    def __init__(self, weights, state, statistics):
        super().__init__(weights, state)
        self.statistics = statistics
        self.gates, self.argmax, self.mean, self.variance = {}, {}, {}, {}

    def bias(self, name):
        return self.state.get(f"{name}.bias")

    def norm(self, name, x):
        if self.statistics == "running":
            mean, variance = self.state[f"{name}.running_mean"], self.state[f"{name}.running_var"]
        else:
            mean, variance = moments(x)
        self.mean[name], self.variance[name] = mean, variance
        scale = self.state[f"{name}.weight"] / torch.sqrt(variance + EPSILON)
        return (x - channels(mean)) * channels(scale) + channels(self.state[f"{name}.bias"])

    def relu(self, name, x):
        if Values.watch is not None:
            Values.watch.append((name, x.detach()))
        self.gates[name] = (x > 0).to(x.dtype)
        return x.clamp(min=0)

    def max_pool(self, name, x, kernel, stride, padding):
        if Values.watch is not None:
            Values.watch.append((name, runner_up(x.detach(), kernel, stride, padding)))
        y, self.argmax[name] = F.max_pool2d(x, kernel, stride, padding, return_indices=True)
        return y


class RedrawnValues(Values):
    """f of NTK-SAP: norm layers with scale 1 and shift 0. The first pass takes the batch's statistics, later passes its constants."""

    def __init__(self, weights, state, constants=None):
        super().__init__(weights, state, None)
        self.constants = constants

    def norm(self, name, x):
        if self.constants is None:
            mean, variance = moments(x)
            count = x.numel() / x.shape[1]
            # As training mode: the biased variance normalises, the unbiased one is what a running variance remembers.
            self.mean[name], self.variance[name] = mean, variance * count / (count - 1)
        else:
            mean, variance = self.constants.mean[name], self.constants.variance[name]
        return (x - channels(mean)) / channels(torch.sqrt(variance + EPSILON))


class GatedPass(Pass):
    """Gates and pooling choices are those of f."""

    def __init__(self, weights, f, state=None):
        super().__init__(weights, state)
        self.f = f

    def relu(self, name, x):
        return x * self.f.gates[name]

    def max_pool(self, name, x, kernel, stride, padding):
        chosen = self.f.argmax[name]
        return x.flatten(2).gather(2, chosen.flatten(2)).view_as(chosen)


class PathActivity(GatedPass):
    """g: weights 1 (or the mask), input squared, gates and pooling choices of f, norm layers 1, no shift or bias."""

    def norm(self, name, x):
        return x


class PathValue(Pass):
    """h: squared weights, input 1, every path active, norm layers scale by s^2 = gamma^2 / (var + eps), no shift or bias."""

    def __init__(self, weights, state, variance):
        super().__init__(weights, state)
        self.variance = variance

    def norm(self, name, x):
        scale = self.state[f"{name}.weight"] / torch.sqrt(self.variance[name] + EPSILON)
        return x * channels(scale ** 2)


class JointPaths(GatedPass):
    """Joint: squared input times squared weights, each path gated by f: norm as in h, gates and pools as in g."""

    def __init__(self, weights, state, f, variance):
        super().__init__(weights, f, state)
        self.variance = variance

    def norm(self, name, x):
        scale = self.state[f"{name}.weight"] / torch.sqrt(self.variance[name] + EPSILON)
        return x * channels(scale ** 2)


class PathMagnitude(Pass):
    """SynFlow: absolute weights, every path active, norm layers scale by |gamma| / sqrt(running_var + eps), no shift or bias."""

    def norm(self, name, x):
        scale = self.state[f"{name}.weight"].abs() / torch.sqrt(self.state[f"{name}.running_var"] + EPSILON)
        return x * channels(scale)


class BarePathMagnitude(Pass):
    """LogSynFlow: absolute weights, every path active, norm layers are not there."""

    def norm(self, name, x):
        return x


class ReleasedPathValue(Pass):
    """h of the code of April 2024: squared weights, squared biases, norm layers in training mode with the model's own scale and shift."""

    def bias(self, name):
        bias = self.state.get(f"{name}.bias")
        return None if bias is None else bias ** 2

    def norm(self, name, x):
        mean, variance = moments(x)
        scale = self.state[f"{name}.weight"] / torch.sqrt(variance + EPSILON)
        return (x - channels(mean)) * channels(scale) + channels(self.state[f"{name}.bias"])


@contextmanager
def unwatched():
    """Around a pass that is not differentiated: its gates are continuous."""
    kept, Values.watch = Values.watch, None
    try:
        yield
    finally:
        Values.watch = kept


def moments(x):
    """Mean and biased variance of each channel of [B, C, H, W]."""
    mean = x.mean((0, 2, 3))
    return mean, ((x - channels(mean)) ** 2).mean((0, 2, 3))


def runner_up(x, kernel, stride, padding):
    """By how much each window's maximum exceeds its second largest value, [B, C, windows]; for the non-negative x behind a ReLU."""
    windows = F.unfold(x, kernel, padding=padding, stride=stride).view(x.shape[0], x.shape[1], kernel * kernel, -1)
    first, second = windows.topk(2, dim=2).values.unbind(2)
    return first - second
