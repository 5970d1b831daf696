"""DeepLabV3 as torchvision has it, and DeepLabV3+ as published, on the weights of torchvision_models.py.

    python3 deeplab.py > deeplab.json

Written with Python 3.11.2, torch 1.13.0 and torchvision 0.14.1 (Debian 12, CPU). DeepLabV3 is torchvision's. DeepLabV3+ is Chen et
al., ECCV 2018, on a dilated ResNet-50 with torchvision's strides, in torch.nn.functional calls and nothing of this repository's. Both compute in
float64 on float32 weights and images.
"""
import json

import torch
import torch.nn.functional as F
import torchvision

from published import Parameters, answer, convolution, images, norm, trained
from torchvision_models import fill


def three(p, name, x, outputs, separable, dilation=1):
    if not separable:
        return convolution(p, name, x, outputs, 3, dilation=dilation)
    x = convolution(p, name + ".body.0", x, x.shape[1], 3, dilation=dilation, groups=x.shape[1])
    return convolution(p, name + ".body.1", x, outputs, 1)


def bottleneck(p, name, x, planes, stride, dilation):
    y = F.relu(norm(p, name + ".bn1", convolution(p, name + ".conv1", x, planes, 1)))
    y = F.relu(norm(p, name + ".bn2", convolution(p, name + ".conv2", y, planes, 3, stride, dilation)))
    y = norm(p, name + ".bn3", convolution(p, name + ".conv3", y, 4 * planes, 1))
    if x.shape[1] != 4 * planes or stride != 1:
        x = norm(p, name + ".downsample.1", convolution(p, name + ".downsample.0", x, 4 * planes, 1, stride))
    return F.relu(x + y)


def resnet50(p, x, width, output_stride):
    x = F.relu(norm(p, "backbone.bn1", convolution(p, "backbone.conv1", x, width, 7, 2)))
    x = F.max_pool2d(x, 3, 2, 1)
    # Stride and dilation of each stage's first block, dilation of its others: a convolution is dilated by the strides given up before it.
    plan = {16: [(1, 1, 1), (2, 1, 1), (2, 1, 1), (1, 1, 2)], 8: [(1, 1, 1), (2, 1, 1), (1, 1, 2), (1, 2, 4)]}[output_stride]
    for stage, (blocks, (stride, first, others)) in enumerate(zip((3, 4, 6, 3), plan)):
        for block in range(blocks):
            x = bottleneck(p, f"backbone.layer{stage + 1}.{block}", x, width << stage, 1 if block else stride, others if block else first)
        if stage == 0:
            low = x
    return low, x


def pyramid(p, name, x, channels, rates, separable):
    branches = [F.relu(norm(p, f"{name}.convs.0.1", convolution(p, f"{name}.convs.0.0", x, channels, 1)))]
    for i, rate in enumerate(rates, 1):
        branches.append(F.relu(norm(p, f"{name}.convs.{i}.1", three(p, f"{name}.convs.{i}.0", x, channels, separable, rate))))
    mean = convolution(p, f"{name}.convs.4.1", x.mean((2, 3), keepdim=True), channels, 1)
    branches.append(resize(F.relu(norm(p, f"{name}.convs.4.2", mean)), x))
    return F.relu(norm(p, f"{name}.project.1", convolution(p, f"{name}.project.0", torch.cat(branches, 1), channels, 1)))


def resize(x, like):
    return F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)


def deeplab_v3_plus(p, pictures, case):
    channels, separable = case["HeadChannels"], case["SeparableConvolutions"]
    low, high = resnet50(p, pictures, case["Width"], case["OutputStride"])
    high = pyramid(p, "classifier.aspp", high, channels, {16: (6, 12, 18), 8: (12, 24, 36)}[case["OutputStride"]], separable)
    low = F.relu(norm(p, "classifier.project.1", convolution(p, "classifier.project.0", low, case["LowLevelChannels"], 1)))
    x = torch.cat([low, resize(high, low)], 1)
    for i in range(case["DecoderConvolutions"]):
        x = F.relu(norm(p, f"classifier.classifier.{3 * i + 1}", three(p, f"classifier.classifier.{3 * i}", x, channels, separable)))
    return resize(convolution(p, f"classifier.classifier.{3 * case['DecoderConvolutions']}", x, case["Classes"], 1, bias=True), pictures)


def torchvision_v3(depth):
    model = getattr(torchvision.models.segmentation, f"deeplabv3_resnet{depth}")(weights=None, weights_backbone=None, num_classes=21, aux_loss=None).eval()
    tensors = {name: tensor for name, tensor in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    for name, tensor in tensors.items():
        fill(name, tensor)
    shapes = {name: list(tensor.shape) for name, tensor in tensors.items()}
    return {"Depth": depth, "parameters": trained(shapes), "keys": describe(shapes), "output": answer(lambda pictures: model.double()(pictures)["out"], images(1, 3, 65, 97))}


def published_v3_plus(**options):
    case = {"Width": 8, "HeadChannels": 16, "LowLevelChannels": 6, "Classes": 5, "SeparableConvolutions": False, "DecoderConvolutions": 2, **options}
    p = Parameters()
    output = answer(lambda pictures: deeplab_v3_plus(p, pictures, case), images(2, 3, 65, 97))
    return {**case, "parameters": trained(p.shapes), "keys": describe(p.shapes), "output": output}


def describe(shapes):
    """One text a part of the network, since whole lists would fill the file: what the head is made of, and how many tensors the backbone has."""
    head = {name: shape for name, shape in sorted(shapes.items()) if not name.startswith("backbone.")}
    return {"backbone": len(shapes) - len(head), "head": head}


with torch.no_grad():
    print(json.dumps({
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "v3": [torchvision_v3(50), torchvision_v3(101)],
        "v3plus": [published_v3_plus(OutputStride=s, SeparableConvolutions=separable) for s in (8, 16) for separable in (False, True)]
        + [published_v3_plus(OutputStride=16, DecoderConvolutions=1)],
    }))
