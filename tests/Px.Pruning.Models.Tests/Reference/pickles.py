"""One value in each of Python's pickle protocols. Python 3.11, no packages.

    python3 pickles.py > pickles.json
"""
import collections
import json
import pickle

shared = ["x"]
value = {
    "text": "naïve ✓ 😀\n\\ 'quoted' \"twice\"", "long": "y" * 300, "shared": [shared, shared],
    "ints": [0, 1, 255, 256, 65535, 65536, -1, 2 ** 31, -2 ** 31 - 1, 2 ** 63 - 1, -2 ** 63, 2 ** 63, 2 ** 100, -2 ** 100],
    "floats": [0.0, -1.5, 1e300, float("inf"), float("-inf"), float("nan")], "truth": [True, False, None],
    "bytes": [b"", b"\x00\xffab", b"z" * 300, bytearray(b""), bytearray(b"\x80b")], "empty": [(), [], {}, set(), frozenset()],
    "tuples": [(1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)], "set": {7}, "frozen": frozenset([8]), "complex": 1 + 2j, "ordered": collections.OrderedDict(b=1, a=2), 5: "under a number",
}
print(json.dumps({str(protocol): pickle.dumps(value, protocol=protocol).hex() for protocol in range(6)}, indent=1))
