"""Keys, shapes and logits of torchvision's networks on weights that a formula makes, since files of them would be too large.

    python3 torchvision_models.py > torchvision_models.json

Written with Python 3.11.2, torch 1.13.0 and torchvision 0.14.1 (Debian 12, CPU).
Weights, statistics and input are float32 numbers from `values`, which FormulaWeights.cs repeats. The logits are computed from them in
float64, so that they are exact for any float32 implementation's purposes; `float32_error` is how far torchvision's own float32 is from them,
relative to the largest of all logits, `scale`, and `sensitivity` how far they move when the image is mirrored: that must be far more than a
test's tolerance, or it would see nothing of the first layers. Networks of the same keys name those of the first (`like`).
"""
import json
import sys

import numpy as np
import torch
from torchvision import models

SHAPE = (1, 3, 64, 64)
ATROUS16, ATROUS8 = (False, False, True), (False, True, True)
NETWORKS = {
    "resnet18": models.resnet18,
    "resnet34": models.resnet34,
    "resnet50": models.resnet50,
    "resnet50-os16": lambda: models.resnet50(replace_stride_with_dilation=ATROUS16),
    "resnet50-os8": lambda: models.resnet50(replace_stride_with_dilation=ATROUS8),
    "resnet101": models.resnet101,
    "resnet101-os16": lambda: models.resnet101(replace_stride_with_dilation=ATROUS16),
    "resnet101-os8": lambda: models.resnet101(replace_stride_with_dilation=ATROUS8),
    "resnet152": models.resnet152,
    "wide_resnet50_2": models.wide_resnet50_2,
    "wide_resnet101_2": models.wide_resnet101_2,
    "resnext50_32x4d": models.resnext50_32x4d,
    "vgg11": models.vgg11,
    "vgg11_bn": models.vgg11_bn,
    "vgg13": models.vgg13,
    "vgg13_bn": models.vgg13_bn,
    "vgg16": models.vgg16,
    "vgg16_bn": models.vgg16_bn,
    "vgg19": models.vgg19,
    "vgg19_bn": models.vgg19_bn,
}


def values(name, count):
    """Numbers in [-1, 1): the name hashed by FNV-1a, mixed with the position."""
    seed = 2166136261
    for byte in name.encode("ascii"):
        seed = (seed ^ byte) * 16777619 & 0xFFFFFFFF
    x = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(seed)
    for _ in range(2):
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x45D9F3B)
    x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2.0**31 - 1


def fill(name, tensor):
    u = values(name, tensor.numel())
    if tensor.dim() > 1:
        u *= np.sqrt(6.0 * tensor.shape[0] / tensor.numel())  # variance 2 / fan-in
    elif name.endswith("running_var"):
        u = 1 + u / 2
    elif name.endswith("weight"):
        u = 0.75 + u / 4
    else:
        u = u / 8
    tensor.copy_(torch.from_numpy(u.astype(np.float32)).reshape(tensor.shape))


def describe(tensor):
    return "x".join(map(str, tensor.shape))


@torch.no_grad()
def run(make, known):
    model = make().eval()
    for name, tensor in model.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            fill(name, tensor)
    image = torch.from_numpy((values("input", np.prod(SHAPE)) * np.sqrt(3.0)).astype(np.float32)).reshape(SHAPE)
    single = model(image).double()
    keys = {
        "parameters": [f"{name} {describe(tensor)}" for name, tensor in model.named_parameters()],
        "buffers": [f"{name} {describe(tensor)}" for name, tensor in model.named_buffers()],
    }
    like = next((name for name, other in known.items() if all(other.get(kind) == keys[kind] for kind in keys)), None)
    count = sum(parameter.numel() for parameter in model.parameters())
    model.double()
    logits, mirrored = model(image.double())[0], model(image.double().flip(3))[0]
    scale = logits.abs().max().item()
    difference = lambda other: float(f"{(other - logits).abs().max().item() / scale:.1e}")
    assert difference(mirrored) > 1e-3
    return {
        **(keys if like is None else {"like": like}),
        "count": count,
        "logits": logits[:10].tolist(),
        "scale": scale,
        "float32_error": difference(single[0]),
        "sensitivity": difference(mirrored),
    }


def main():
    found = {}
    for name, make in NETWORKS.items():
        found[name] = run(make, found)
        print(name, found[name]["count"], *(found[name][key] for key in ("scale", "float32_error", "sensitivity")), file=sys.stderr)
    json.dump(found, sys.stdout, indent=0)
    print()


if __name__ == "__main__":
    main()
