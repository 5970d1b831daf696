"""The networks, each written once, as a function of an interpreter and an input.

The interpreter (passes.py) decides what a convolution, a norm layer, a ReLU or a pool *does*: f, g, h and the joint pass
run the very same function. `layers` lists the modules with tensors in the order in which the C# twin registers them.
"""
from collections import namedtuple
from math import sqrt

from torch import cat

# kind: conv | transposed | linear | norm; shape: of the weight; bias: not of norms; low, high: a norm's scale.
Layer = namedtuple("Layer", "name kind shape bias low high", defaults=(0.5, 1.5))
# label_shape: () for one class a sample, (H, W) for one a pixel.
Network = namedtuple("Network", "name run layers input_shape classes samples label_shape", defaults=((),))
Spec = namedtuple("Spec", "name shape low high")


def conv(name, out, into, kernel, bias):
    return Layer(name, "conv", (out, into, kernel, kernel), bias)


def transposed(name, into, out, kernel, bias):
    return Layer(name, "transposed", (into, out, kernel, kernel), bias)


def norm(name, channels, low=0.5, high=1.5):
    return Layer(name, "norm", (channels,), True, low, high)


def linear(name, out, into, bias=True):
    return Layer(name, "linear", (out, into), bias)


def tensors(network):
    """Every tensor of the network's state dict with the interval it is drawn from, in order."""
    specs = []
    for layer in network.layers:
        if layer.kind == "norm":
            for part, low, high in (("weight", layer.low, layer.high), ("bias", -0.2, 0.2), ("running_mean", -0.2, 0.2), ("running_var", 0.5, 1.5)):
                specs.append(Spec(f"{layer.name}.{part}", layer.shape, low, high))
        else:
            fan_in = 1
            for size in layer.shape[1:]:
                fan_in *= size
            bound = sqrt(6.0 / fan_in)
            specs.append(Spec(f"{layer.name}.weight", layer.shape, -bound, bound))
            if layer.bias:
                out = layer.shape[1] if layer.kind == "transposed" else layer.shape[0]
                specs.append(Spec(f"{layer.name}.bias", (out,), -0.1, 0.1))
    return specs


def prunable(network):
    return [f"{layer.name}.weight" for layer in network.layers if layer.kind != "norm"]


# ---- a plain convnet: conv - norm - relu three times, a stride, overlapping padded max-pool, average pool, linear ----

def run_plain(net, x):
    x = net.relu("relu1", net.norm("bn1", net.conv("conv1", x, stride=1, padding=1)))
    x = net.max_pool("pool", x, kernel=3, stride=2, padding=1)
    x = net.relu("relu2", net.norm("bn2", net.conv("conv2", x, stride=2, padding=1)))
    x = net.relu("relu3", net.norm("bn3", net.conv("conv3", x, stride=1, padding=1)))
    x = net.avg_pool(x, kernel=2, stride=1)
    return net.linear("fc", x.flatten(1))


PLAIN = Network("plain-convnet", run_plain, [
    conv("conv1", 8, 3, 3, bias=True), norm("bn1", 8),
    conv("conv2", 12, 8, 3, bias=True), norm("bn2", 12),
    conv("conv3", 16, 12, 3, bias=True), norm("bn3", 16),
    linear("fc", 10, 64)], (3, 12, 12), 10, 20)


# ---- the same idea without normalisation: every bias is live in f and must be absent from g and h ----

def run_norm_free(net, x):
    x = net.relu("relu1", net.conv("conv1", x, stride=1, padding=1))
    x = net.relu("relu2", net.conv("conv2", x, stride=2, padding=1))
    x = net.relu("relu3", net.conv("conv3", x, stride=2, padding=1))
    x = net.relu("relu4", net.linear("fc1", x.flatten(1)))
    return net.linear("fc2", x)


NORM_FREE = Network("norm-free", run_norm_free, [
    conv("conv1", 8, 3, 3, bias=True), conv("conv2", 12, 8, 3, bias=True), conv("conv3", 16, 12, 3, bias=True),
    linear("fc1", 20, 144), linear("fc2", 10, 20)], (3, 12, 12), 10, 20)


# ---- CIFAR ResNet-20 with projection shortcuts (He et al. 2016, option B) ----

RESNET_BLOCKS = [(stage, i, width, 2 if stage > 1 and i == 0 else 1)
                 for stage, width in ((1, 16), (2, 32), (3, 64)) for i in range(3)]


def run_resnet20(net, x):
    x = net.relu("relu", net.norm("bn1", net.conv("conv1", x, stride=1, padding=1)))
    for stage, i, _, stride in RESNET_BLOCKS:
        block = f"layer{stage}.{i}"
        y = net.relu(f"{block}.relu1", net.norm(f"{block}.bn1", net.conv(f"{block}.conv1", x, stride=stride, padding=1)))
        y = net.norm(f"{block}.bn2", net.conv(f"{block}.conv2", y, stride=1, padding=1))
        if stride != 1:
            x = net.norm(f"{block}.shortcut.1", net.conv(f"{block}.shortcut.0", x, stride=stride, padding=0))
        x = net.relu(f"{block}.relu2", y + x)
    return net.linear("linear", x.mean((2, 3)))


def resnet20_layers():
    layers = [conv("conv1", 16, 3, 3, bias=False), norm("bn1", 16)]
    into = 16
    for stage, i, width, stride in RESNET_BLOCKS:
        block = f"layer{stage}.{i}"
        layers += [conv(f"{block}.conv1", width, into, 3, bias=False), norm(f"{block}.bn1", width),
                   conv(f"{block}.conv2", width, width, 3, bias=False), norm(f"{block}.bn2", width)]
        if stride != 1:
            layers += [conv(f"{block}.shortcut.0", width, into, 1, bias=False), norm(f"{block}.shortcut.1", width)]
        into = width
    return layers + [linear("linear", 10, 64)]


RESNET20 = Network("resnet20", run_resnet20, resnet20_layers(), (3, 32, 32), 10, 10)


# ---- VGG-16 with batch norm for CIFAR; torchvision's numbering of `features`, one linear layer behind ----

VGG16_WIDTHS = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"]


def run_vgg16(net, x):
    at = 0
    for width in VGG16_WIDTHS:
        if width == "M":
            x = net.max_pool(f"features.{at}", x, kernel=2, stride=2, padding=0)
            at += 1
        else:
            x = net.norm(f"features.{at + 1}", net.conv(f"features.{at}", x, stride=1, padding=1))
            x = net.relu(f"features.{at + 2}", x)
            at += 3
    return net.linear("classifier", x.flatten(1))


def vgg16_layers():
    layers, at, into = [], 0, 3
    for width in VGG16_WIDTHS:
        if width == "M":
            at += 1
        else:
            layers += [conv(f"features.{at}", width, into, 3, bias=True), norm(f"features.{at + 1}", width)]
            at, into = at + 3, width
    return layers + [linear("classifier", 10, 512)]


VGG16 = Network("vgg16-bn", run_vgg16, vgg16_layers(), (3, 32, 32), 10, 4)


# ---- a small encoder-decoder: dilated, depthwise and transposed convolutions, a skip that is concatenated; norm scales of both signs ----

def run_encoder_decoder(net, x):
    stem = net.relu("stem_relu", net.norm("stem_bn", net.conv("stem", x, stride=1, padding=1)))
    x = net.relu("down_relu", net.norm("down_bn", net.conv("down", stem, stride=2, padding=1)))
    x = net.relu("dilated_relu", net.norm("dilated_bn", net.conv("dilated", x, stride=1, padding=2, dilation=2)))
    x = net.relu("depthwise_relu", net.norm("depthwise_bn", net.conv("depthwise", x, stride=1, padding=1, groups=16)))
    x = net.relu("pointwise_relu", net.norm("pointwise_bn", net.conv("pointwise", x, stride=1, padding=0)))
    x = net.relu("up_relu", net.conv_transpose("up", x, stride=2))
    x = net.relu("fuse_relu", net.norm("fuse_bn", net.conv("fuse", cat((x, stem), 1), stride=1, padding=1)))
    return net.conv("head", x, stride=1, padding=0)


ENCODER_DECODER = Network("encoder-decoder", run_encoder_decoder, [
    conv("stem", 8, 3, 3, bias=True), norm("stem_bn", 8, -1.2, 1.5),
    conv("down", 16, 8, 3, bias=False), norm("down_bn", 16, -1.2, 1.5),
    conv("dilated", 16, 16, 3, bias=False), norm("dilated_bn", 16, -1.2, 1.5),
    conv("depthwise", 16, 1, 3, bias=False), norm("depthwise_bn", 16, -1.2, 1.5),
    conv("pointwise", 24, 16, 1, bias=False), norm("pointwise_bn", 24, -1.2, 1.5),
    transposed("up", 24, 12, 2, bias=True),
    conv("fuse", 16, 20, 3, bias=True), norm("fuse_bn", 16, -1.2, 1.5),
    conv("head", 4, 16, 1, bias=True)], (3, 16, 16), 4, 6, (16, 16))

ALL = [PLAIN, NORM_FREE, RESNET20, VGG16, ENCODER_DECODER]
