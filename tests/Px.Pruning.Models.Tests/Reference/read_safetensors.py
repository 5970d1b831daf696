"""Lists the tensors of a safetensors file, from the published format and the standard library alone.

    python3 read_safetensors.py FILE

One line a tensor: name, type, sizes, SHA-256 of its bytes. Python 3.8 or later.
"""
import hashlib
import json
import struct
import sys

BYTES = {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "F16": 2, "BF16": 2, "I32": 4, "F32": 4, "F64": 8, "I64": 8, "C64": 8}

with open(sys.argv[1], "rb") as file:
    data = file.read()
(length,) = struct.unpack("<Q", data[:8])
assert length % 8 == 0 and data[8:9] == b"{"
header = json.loads(data[8:8 + length].decode("utf-8"))
metadata = header.pop("__metadata__", {})
assert all(isinstance(text, str) for text in metadata.values())
end = 0
for name, info in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
    begin, stop = info["data_offsets"]
    count = BYTES[info["dtype"]]
    for size in info["shape"]:
        count *= size
    assert begin == end and stop - begin == count and begin % BYTES[info["dtype"]] == 0, name
    end = stop
    body = data[8 + length + begin:8 + length + stop]
    print(name, info["dtype"], info["shape"], hashlib.sha256(body).hexdigest())
assert end == len(data) - 8 - length
