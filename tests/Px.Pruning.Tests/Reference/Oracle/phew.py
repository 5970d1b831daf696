"""Writes ../Golden/Walks/phew-*.json: PHEW (Patil and Dovrolis, ICML 2021) by hand-written maps of each network, one walk after another.

    /usr/bin/python3 -B phew.py

Nothing is shared with the library but the random numbers and the order in which they are used:
splitmix64 seeded with seed and name; a choice among one takes no number; among equals floor(u * n); by weight the first index whose
running sum exceeds u * total. Walk n goes forward from input channel n/2 where n is even, backward from output unit n/2 where it is odd.
"""
import bisect
import json
import os
import platform

import numpy as np
import torch

from golden import bits
from networks import NORM_FREE, PLAIN, RESNET20, prunable, tensors
from tensors import GOLDEN_GAMMA, WORD, uniform

SEED = 1
WALK_SEED = 5
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Golden", "Walks")


class SplitMix64:
    def __init__(self, seed, name):
        self.state = seed
        for symbol in name:
            self.state = self.next() ^ ord(symbol)

    def next(self):
        self.state = z = (self.state + GOLDEN_GAMMA) & WORD
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
        return z ^ (z >> 31)

    def uniform(self):
        return (self.next() >> 11) * 2.0 ** -53

    def any(self, items):
        return items[0] if len(items) == 1 else items[int(self.uniform() * len(items))]

    def by_weight(self, weights):
        if len(weights) == 1:
            return 0
        sums = np.cumsum(weights).tolist()
        return bisect.bisect_right(sums, self.uniform() * sums[-1])


class Layer:
    """Kernels [out, in, taps] and their L1 norms [out, in]."""

    def __init__(self, name, weight):
        self.name = name
        self.kernels = weight.abs().numpy().reshape(weight.shape[0], weight.shape[1], -1)
        self.norms = np.cumsum(self.kernels, axis=2)[:, :, -1]
        self.kept = np.zeros(self.kernels.shape, dtype=bool)
        self.order = []

    def input_total(self, i):
        return np.cumsum(self.norms[:, i])[-1]


def chain(names):
    return [(a, b) for a, b in zip(names, names[1:])]


def resnet20_joins():
    """Which layer feeds which, in calling order; an identity shortcut is no step."""
    joins, before = [], ["conv1"]
    for stage in (1, 2, 3):
        for block in range(3):
            path = f"layer{stage}.{block}"
            entries, exits = [f"{path}.conv1"], [f"{path}.conv2"]
            if stage > 1 and block == 0:
                entries.append(f"{path}.shortcut.0")
                exits.append(f"{path}.shortcut.0")
            joins += [(a, b) for a in before for b in entries] + [(f"{path}.conv1", f"{path}.conv2")]
            before = exits
    return joins + [(a, "linear") for a in before]


# joins, and the layer whose input is flattened with so many features a channel
MAPS = {
    "plain-convnet": (chain(["conv1", "conv2", "conv3", "fc"]), "fc", 4),
    "norm-free": (chain(["conv1", "conv2", "conv3", "fc1", "fc2"]), "fc1", 9),
    "resnet20": (resnet20_joins(), None, 1),
}


class Walker:
    def __init__(self, network, layers):
        self.layers = layers
        self.joins, self.flat, self.features = MAPS[network.name]
        names = list(layers)
        self.first, self.last = layers[names[0]], layers[names[-1]]
        self.random = SplitMix64(WALK_SEED, "PHEW 1")
        self.touched = self.walks = 0

    def keep(self, layer, o, i):
        taps = layer.kernels[o, i]
        tap = self.random.by_weight(taps)
        if not layer.kept[o, i, tap]:
            layer.kept[o, i, tap] = True
            self.touched += 1
            layer.order.append((self.touched, o, i, tap))

    def forward(self, channel):
        layer, unit = self.first, channel
        while True:
            if layer.name == self.flat:
                block = range(unit * self.features, (unit + 1) * self.features)
                unit = block[self.random.by_weight([layer.input_total(f) for f in block])]
            o = self.random.by_weight(layer.norms[:, unit])
            self.keep(layer, o, unit)
            following = [b for a, b in self.joins if a == layer.name]
            if not following:
                return
            layer, unit = self.layers[self.random.any(following)], o

    def backward(self, unit):
        layer = self.last
        while True:
            i = self.random.by_weight(layer.norms[unit, :])
            self.keep(layer, unit, i)
            if layer.name == self.flat:
                i //= self.features
            before = [a for a, b in self.joins if b == layer.name]
            if not before:
                return
            layer, unit = self.layers[self.random.any(before)], i

    def run(self, wanted):
        while self.touched < wanted:
            before = self.touched
            for _ in range(1000):
                if self.touched >= wanted:
                    break
                turn = self.walks // 2
                if self.walks % 2 == 0:
                    self.forward(turn % self.first.kernels.shape[1])
                else:
                    self.backward(turn % self.last.kernels.shape[0])
                self.walks += 1
            if self.touched - before < 100:
                break


def masks(layers, shapes, wanted):
    """The first weights touched, and then the likeliest forward steps."""
    touched = sorted((when, name, o, i, tap) for name, layer in layers.items() for when, o, i, tap in layer.order)[:wanted]
    found = {name: np.zeros(layer.kernels.shape, dtype=bool) for name, layer in layers.items()}
    for _, name, o, i, tap in touched:
        found[name][o, i, tap] = True
    rest = []
    for name, layer in layers.items():
        steps = layer.kernels / np.array([layer.input_total(i) for i in range(layer.kernels.shape[1])])[None, :, None]
        rest += [(-steps[at], name, at) for at in zip(*np.nonzero(~layer.kept))]
    for _, name, at in sorted(rest, key=lambda step: step[0])[:wanted - len(touched)]:
        found[name][at] = True
    return {f"{name}.weight": torch.from_numpy(mask.reshape(shapes[name])) for name, mask in found.items()}


def case(network, sparsity):
    specs = {spec.name: spec for spec in tensors(network)}
    weights = {name[:-len(".weight")]: uniform(name, specs[name].shape, specs[name].low, specs[name].high, SEED) for name in prunable(network)}
    layers = {name: Layer(name, weight) for name, weight in weights.items()}
    total = sum(weight.numel() for weight in weights.values())
    wanted = int(np.floor((1 - sparsity) * total + 0.5))
    walker = Walker(network, layers)
    walker.run(wanted)
    mask = masks(layers, {name: weight.shape for name, weight in weights.items()}, wanted)
    return {
        "made_by": {"script": "Oracle/phew.py", "python": platform.python_version(), "torch": torch.__version__},
        "network": network.name, "method": "phew", "settings": {"walk_seed": str(WALK_SEED)},
        "seed": SEED, "input_shape": network.input_shape, "classes": network.classes, "batches": [1],
        "sparsity": sparsity, "rounds": 1,
        "tensors": [spec._asdict() for spec in specs.values()],
        "prunable": prunable(network),
        "walks": walker.walks, "touched": walker.touched,
        "kept": [[int(m.sum().item()) for m in mask.values()]],
        "mask": bits(mask),
    }


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for network, sparsity in ((PLAIN, 0.9), (NORM_FREE, 0.9), (NORM_FREE, 0.02), (RESNET20, 0.98)):
        content = case(network, sparsity)
        lines = [f"  {json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in content.items()]
        name = f"phew-{network.name}-{sparsity:g}.json"
        with open(os.path.join(FOLDER, name), "w", newline="\n") as file:
            file.write("{\n" + ",\n".join(lines) + "\n}\n")
        print(f"{name:40} {content['walks']} walks, touched {content['touched']}, kept {content['kept'][0]}")


if __name__ == "__main__":
    main()
