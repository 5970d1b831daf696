"""What one evaluation of a network does at each operator: f as it is, and the passes g, h and joint of Path eXclusion.

Each pass is written out in full and shares nothing with the others but the weights it is given.
`weights` maps a weight's name to the value to use; `state` holds all other tensors of the network.
"""
import torch
import torch.nn.functional as F

EPSILON = 1e-5


class Values:
    """f: the network itself. Remembers each ReLU's gate, each max-pool's argmax, each norm layer's mean and variance."""

    def __init__(self, weights, state, statistics):
        self.weights, self.state, self.statistics = weights, state, statistics
        self.gates, self.argmax, self.mean, self.variance = {}, {}, {}, {}

    def conv(self, name, x, stride, padding):
        return F.conv2d(x, self.weights[f"{name}.weight"], self.state.get(f"{name}.bias"), stride, padding)

    def linear(self, name, x):
        return F.linear(x, self.weights[f"{name}.weight"], self.state.get(f"{name}.bias"))

    def norm(self, name, x):
        if self.statistics == "running":
            mean, variance = self.state[f"{name}.running_mean"], self.state[f"{name}.running_var"]
        else:
            mean = x.mean((0, 2, 3))
            variance = ((x - mean.view(1, -1, 1, 1)) ** 2).mean((0, 2, 3))
        self.mean[name], self.variance[name] = mean, variance
        scale = self.state[f"{name}.weight"] / torch.sqrt(variance + EPSILON)
        return (x - mean.view(1, -1, 1, 1)) * scale.view(1, -1, 1, 1) + self.state[f"{name}.bias"].view(1, -1, 1, 1)

    def relu(self, name, x):
        self.gates[name] = (x > 0).to(x.dtype)
        return x.clamp(min=0)

    def max_pool(self, name, x, kernel, stride, padding):
        y, self.argmax[name] = F.max_pool2d(x, kernel, stride, padding, return_indices=True)
        return y

    def avg_pool(self, x, kernel, stride):
        return F.avg_pool2d(x, kernel, stride)


class PathActivity:
    """g: weights 1 (or the mask), input squared, gates and pooling choices of f, norm layers 1, no shift or bias."""

    def __init__(self, weights, f):
        self.weights, self.f = weights, f

    def conv(self, name, x, stride, padding):
        return F.conv2d(x, self.weights[f"{name}.weight"], None, stride, padding)

    def linear(self, name, x):
        return F.linear(x, self.weights[f"{name}.weight"])

    def norm(self, name, x):
        return x

    def relu(self, name, x):
        return x * self.f.gates[name]

    def max_pool(self, name, x, kernel, stride, padding):
        chosen = self.f.argmax[name]
        return x.flatten(2).gather(2, chosen.flatten(2)).view_as(chosen)

    def avg_pool(self, x, kernel, stride):
        return F.avg_pool2d(x, kernel, stride)


class PathValue:
    """h: squared weights, input 1, every path active, norm layers scale by s^2 = gamma^2 / (var + eps), no shift or bias."""

    def __init__(self, weights, state, variance):
        self.weights, self.state, self.variance = weights, state, variance

    def conv(self, name, x, stride, padding):
        return F.conv2d(x, self.weights[f"{name}.weight"], None, stride, padding)

    def linear(self, name, x):
        return F.linear(x, self.weights[f"{name}.weight"])

    def norm(self, name, x):
        scale = self.state[f"{name}.weight"] / torch.sqrt(self.variance[name] + EPSILON)
        return x * (scale ** 2).view(1, -1, 1, 1)

    def relu(self, name, x):
        return x

    def max_pool(self, name, x, kernel, stride, padding):
        return F.max_pool2d(x, kernel, stride, padding)

    def avg_pool(self, x, kernel, stride):
        return F.avg_pool2d(x, kernel, stride)


class JointPaths:
    """Joint: squared input times squared weights, each path gated by f: norm as in h, gates and pools as in g."""

    def __init__(self, weights, state, f, variance):
        self.weights, self.state, self.f, self.variance = weights, state, f, variance

    def conv(self, name, x, stride, padding):
        return F.conv2d(x, self.weights[f"{name}.weight"], None, stride, padding)

    def linear(self, name, x):
        return F.linear(x, self.weights[f"{name}.weight"])

    def norm(self, name, x):
        scale = self.state[f"{name}.weight"] / torch.sqrt(self.variance[name] + EPSILON)
        return x * (scale ** 2).view(1, -1, 1, 1)

    def relu(self, name, x):
        return x * self.f.gates[name]

    def max_pool(self, name, x, kernel, stride, padding):
        chosen = self.f.argmax[name]
        return x.flatten(2).gather(2, chosen.flatten(2)).view_as(chosen)

    def avg_pool(self, x, kernel, stride):
        return F.avg_pool2d(x, kernel, stride)
