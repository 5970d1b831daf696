"""Small checkpoints as PyTorch writes them, and what is in them.

    python3 checkpoints.py checkpoints > checkpoints.json

Written with Python 3.11.2 and torch 1.13.0 (Debian 12, CPU). Every file but the refused ones was loaded again with torch.load, and the JSON says
what that gave: name -> [type, sizes, strides, the elements' bytes in row-major order as hexadecimal text].
"""
import argparse
import collections
import json
import os
import pickle
import struct
import sys
import zipfile

import torch

TYPES = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool, torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128]
FOLDER = sys.argv[1]
found = {}


def path(name):
    return os.path.join(FOLDER, name)


def describe(tensor):
    flat = tensor.detach().contiguous().reshape(-1)
    raw = bytes(flat.view(torch.uint8).tolist()) if flat.numel() else b""
    return [str(tensor.dtype).replace("torch.", ""), list(tensor.shape), list(tensor.stride()), raw.hex()]


def keep(name, key=None):
    loaded = torch.load(path(name))
    tensors = loaded if key is None else loaded[key]
    found[name] = {text: describe(tensor) for text, tensor in tensors.items() if isinstance(tensor, torch.Tensor)}


def save(name, value, key=None, **options):
    torch.save(value, path(name), **options)
    keep(name, key)


def every_type():
    torch.manual_seed(1)
    tensors = collections.OrderedDict()
    for dtype in TYPES:
        values = torch.randn(2, 3) * 3
        tensors[str(dtype)] = (values > 0) if dtype == torch.bool else values.abs().to(dtype) if dtype == torch.uint8 else values.to(dtype)
    tensors["scalar"] = torch.tensor(2.5)
    tensors["empty"] = torch.zeros(0, 3)
    return tensors


def layouts():
    whole = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    return {
        "whole": whole, "tied": whole, "transposed": whole.t(), "row": whole[2], "column": whole[:, 1], "steps": whole[1::2, ::3], "nothing": whole[4:],
        "windows": whole.reshape(-1).unfold(0, 6, 3), "expanded": torch.tensor([7.0]).expand(5), "channels_last": torch.arange(16.0).reshape(1, 2, 2, 4).contiguous(memory_format=torch.channels_last),
    }


def training():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.randn(4, 2)).sum().backward()
    optimizer.step()
    return {
        "epoch": 3, "arch": "naïve ✓", "best": 91.5, "done": True, "none": None, "big": 2 ** 70, "negative": -5, "large": 2 ** 40, "bytes": b"\x00\xff", "nobytes": b"", "array": bytearray(b"ab"), "set": {1, 2},
        "frozen": frozenset(["a"]), "complex": 1 + 2j, "size": torch.Size([1, 2]), "device": torch.device("cuda:0"), "dtype": torch.float16, "tuple": (1, (2,), [3, 4]),
        "losses": [0.5, float("inf")], "optimizer": optimizer.state_dict(),
        "state_dict": collections.OrderedDict(("module." + name, tensor) for name, tensor in model.state_dict().items()),
    }


def python2(name):
    """A file of Python 2 and PyTorch 0.3, byte by byte: texts without encoding, an ordered dictionary as pairs, part of a storage, no strides' version."""
    def text(value):
        return b"U" + bytes([len(value)]) + value.encode()

    def tensor(view):
        return (b"ctorch._utils\n_rebuild_tensor\n((" + text("storage") + b"ctorch\nFloatStorage\n" + text("94") + text("cpu") + b"K\x06" + view + b"tQ"
                + b"K\x01K\x02K\x01\x86K\x01K\x01\x86tR")
    view = b"(" + text("95") + b"K\x02K\x04t"
    item = b"ccollections\nOrderedDict\n](](" + text("a.weight") + tensor(b"N") + b"e](" + text("b.weight") + tensor(view) + b"ee\x85R}" + text("_metadata") + b"}sb."
    with open(path(name), "wb") as file:
        for value in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 8}}):
            file.write(pickle.dumps(value, protocol=2))
        file.write(b"\x80\x02" + item)
        file.write(b"\x80\x02](" + text("94") + b"e.")
        file.write(struct.pack("<q6f", 6, 0, 1, 2, 3, 4, 5))
    keep(name)


def deflate(name, source):
    with zipfile.ZipFile(path(source)) as old, zipfile.ZipFile(path(name), "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    found[name] = found[source]


os.makedirs(FOLDER, exist_ok=True)
save("zip.pth", every_type())
save("legacy.pth", every_type(), _use_new_zipfile_serialization=False)
for protocol in (3, 4, 5):
    save(f"protocol{protocol}.pth", every_type(), pickle_protocol=protocol)
save("legacy4.pth", every_type(), pickle_protocol=4, _use_new_zipfile_serialization=False)
save("layouts.pth", layouts())
save("layouts-legacy.pth", layouts(), _use_new_zipfile_serialization=False)
save("parameters.pth", dict(torch.nn.Linear(3, 2).named_parameters()))
save("module.pth", torch.nn.BatchNorm1d(2).state_dict())
save("training.pth", training(), key="state_dict")
save("training-legacy.pth", training(), key="state_dict", _use_new_zipfile_serialization=False)
save("training4.pth", training(), key="state_dict", pickle_protocol=4)
python2("python2.pth")
deflate("deflated.pth", "layouts.pth")

# To be refused.
torch.save({"args": argparse.Namespace(lr=0.1), "state_dict": {"weight": torch.ones(2)}}, path("arguments.pth"))
torch.save(torch.nn.Linear(1, 1), path("whole-model.pth"))
torch.save(torch.nn.Linear(1, 1), path("whole-model-legacy.pth"), _use_new_zipfile_serialization=False)
torch.save({"weight": torch.eye(2).to_sparse()}, path("sparse.pth"))
torch.jit.script(torch.nn.Linear(1, 1)).save(path("script.pt"))
json.dump({"torch": torch.__version__, "files": found}, sys.stdout, separators=(",", ":"))
