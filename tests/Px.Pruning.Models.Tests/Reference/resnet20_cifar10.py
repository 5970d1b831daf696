"""Logits and accuracy of the pretrained ResNet-20, from the published architecture and nothing of this repository's.

    python3 resnet20_cifar10.py DATA_FOLDER > resnet20_cifar10.json

DATA_FOLDER holds resnet20-cifar10/resnet20.safetensors and cifar10-subset/test_batch.bin. Written with Python 3.11.2 and torch 1.13.0 (Debian 12, CPU).
The network is He et al. 2016, section 4.2, with option-A shortcuts, in torch.nn.functional calls on the file's tensors. Normalised inputs are
rounded to float32; everything after is float64, so that the values are exact for any float32 implementation's purposes.
"""
import json
import struct
import sys

import torch
import torch.nn.functional as F


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, info in header.items():
        assert info["dtype"] == "F32"
        begin, end = info["data_offsets"]
        raw = bytearray(data[8 + length + begin:8 + length + end])
        tensors[name] = torch.frombuffer(raw, dtype=torch.float32).reshape(info["shape"]).double()
    return tensors


def read_images(path):
    with open(path, "rb") as file:
        raw = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).reshape(-1, 3073)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    return (raw[:, 1:].reshape(-1, 3, 32, 32).float().div(255) - mean) / std, raw[:, 0].long()


def norm(p, name, x):
    return F.batch_norm(x, p[name + ".running_mean"], p[name + ".running_var"], p[name + ".weight"], p[name + ".bias"], False, 0.1, 1e-5)


def forward(p, x):
    x = F.relu(norm(p, "bn1", F.conv2d(x, p["conv1.weight"], padding=1)))
    for stage in (1, 2, 3):
        for block in (0, 1, 2):
            name = f"layer{stage}.{block}"
            stride = 2 if stage > 1 and block == 0 else 1
            y = F.relu(norm(p, name + ".bn1", F.conv2d(x, p[name + ".conv1.weight"], stride=stride, padding=1)))
            y = norm(p, name + ".bn2", F.conv2d(y, p[name + ".conv2.weight"], padding=1))
            if stride == 2:
                channels = x.shape[1]
                x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, channels // 2, channels // 2))
            x = F.relu(x + y)
    return F.linear(x.mean((2, 3)), p["linear.weight"], p["linear.bias"])


def main():
    folder = sys.argv[1]
    parameters = read_safetensors(folder + "/resnet20-cifar10/resnet20.safetensors")
    images, labels = read_images(folder + "/cifar10-subset/test_batch.bin")
    logits = torch.cat([forward(parameters, batch.double()) for batch in images.split(128)])
    print(json.dumps({
        "torch": torch.__version__,
        "images": len(images),
        "right": int((logits.argmax(1) == labels).sum()),
        "labels": labels[:8].tolist(),
        "input": images[0, :, 0, :4].flatten().tolist(),
        "logits": [[round(v, 10) for v in row] for row in logits[:8].tolist()],
    }, indent=1))


main()
