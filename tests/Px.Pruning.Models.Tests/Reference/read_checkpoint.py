"""Lists the tensors of checkpoints as torch.load gives them: with weights_only and without, and the archive itself by the standard library.

    python3 read_checkpoint.py FILE

One line a tensor: name, type, sizes, SHA-256 of its bytes. torch 1.13 or later.
"""
import collections
import hashlib
import struct
import sys
import zipfile

import torch

safe = torch.load(sys.argv[1], weights_only=True)
tensors = torch.load(sys.argv[1])
assert type(tensors) is collections.OrderedDict and list(tensors) == list(safe)
for name, tensor in tensors.items():
    assert tensor.is_contiguous() and not tensor.requires_grad and not tensor._backward_hooks
    flat = tensor.reshape(-1)
    raw = bytes(flat.view(torch.uint8).tolist()) if flat.numel() else b""
    assert flat.numel() == 0 or raw == bytes(safe[name].reshape(-1).view(torch.uint8).tolist())
    print(name, str(tensor.dtype).replace("torch.", ""), list(tensor.shape), hashlib.sha256(raw).hexdigest())

with zipfile.ZipFile(sys.argv[1]) as archive, open(sys.argv[1], "rb") as file:
    assert archive.testzip() is None
    for entry in archive.infolist():
        file.seek(entry.header_offset + 26)
        name_length, extra_length = struct.unpack("<HH", file.read(4))
        assert (entry.header_offset + 30 + name_length + extra_length) % 64 == 0 and entry.compress_type == zipfile.ZIP_STORED, entry.filename
