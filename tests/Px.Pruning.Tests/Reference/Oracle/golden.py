"""Writes ../Golden/*.json. Values are never written again to make a test pass; see ../README.md."""
import base64
import json
import os
import platform
import sys

import numpy as np
import torch

import methods
from networks import NORM_FREE, PLAIN, RESNET20, prunable, tensors
from tensors import images, uniform

SEED = 1
SPARSITY = 0.98
ROUNDS = 10
SAMPLES_PER_LAYER = 40
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Golden")


def px(objective, statistics, weighting="squared"):
    criterion = {"decoupled": methods.px_decoupled, "joint": methods.px_joint}[objective](statistics, weighting)
    return "px", {"objective": objective, "norm_statistics": statistics, "weighting": weighting}, criterion


def snip(statistics):
    return "snip", {"norm_statistics": statistics}, methods.snip(statistics)


SYNFLOW_L2 = "synflow-l2", {}, methods.synflow_l2
MAGNITUDE = "magnitude", {}, methods.magnitude

# network, batches, method
CASES = [
    (PLAIN, [20], px("decoupled", "running")),
    (PLAIN, [20], px("decoupled", "batch")),
    (PLAIN, [12, 8], px("decoupled", "batch")),
    (PLAIN, [20], px("decoupled", "batch", "absolute")),
    (PLAIN, [20], px("joint", "running")),
    (PLAIN, [20], px("joint", "batch")),
    (PLAIN, [20], px("joint", "running", "absolute")),
    (PLAIN, [20], snip("batch")),
    (PLAIN, [12, 8], snip("batch")),
    (PLAIN, [20], snip("running")),
    (PLAIN, [20], SYNFLOW_L2),
    (PLAIN, [20], MAGNITUDE),
    (NORM_FREE, [20], px("decoupled", "running")),
    (NORM_FREE, [20], px("joint", "running")),
    (NORM_FREE, [20], px("joint", "running", "absolute")),
    (NORM_FREE, [12, 8], snip("batch")),
    (NORM_FREE, [20], MAGNITUDE),
    (RESNET20, [10], px("decoupled", "running")),
    (RESNET20, [10], px("decoupled", "batch")),
    (RESNET20, [10], px("joint", "running")),
    (RESNET20, [10], px("joint", "batch")),
    (RESNET20, [10], snip("batch")),
    (RESNET20, [10], MAGNITUDE),
]


def file_name(network, batches, method, settings):
    words = [network.name, method, *settings.values()] + (["two-batches"] if len(batches) > 1 else [])
    return "-".join(word for word in words if word != "squared") + ".json"


def bits(mask):
    """All masks in parameter order, row-major, one bit a weight, the first weight in the highest bit of the first byte."""
    flat = torch.cat([m.flatten() for m in mask.values()]).numpy().astype(np.uint8)
    return base64.b64encode(np.packbits(flat, bitorder="big").tobytes()).decode("ascii")


def scored(mask, scores, facts):
    """Sums, and about SAMPLES_PER_LAYER scores a layer at even steps through the weights that the mask keeps."""
    layers = []
    for name, s in scores.items():
        alive = mask[name].flatten().nonzero().flatten()
        step = max(1, len(alive) // SAMPLES_PER_LAYER) | 1
        indices = alive[::step]
        layers.append({"name": name, "sum": s.sum().item(), "max": s.max().item(),
                       "indices": indices.tolist(), "values": s.flatten()[indices].tolist()})
    return {**facts, "layers": layers}


def margin(scores, before, after):
    """(lowest kept - highest removed) / lowest kept: below about 1e-9, rounding decides the mask."""
    kept = min(s[after[name] > 0].min().item() for name, s in scores.items() if after[name].any())
    gone = max(s[(before[name] > 0) & (after[name] == 0)].max().item() for name, s in scores.items() if (before[name] > after[name]).any())
    return (kept - gone) / kept if kept > 0 else 0.0


def case(network, sizes, method, settings, criterion):
    state = methods.make_state(network, SEED)
    history = methods.prune(criterion, network, state, methods.make_batches(network, sizes, SEED), SPARSITY, ROUNDS)
    first, last = history[0], history[-1]
    return {
        "made_by": {"script": "Oracle/golden.py", "python": platform.python_version(), "torch": torch.__version__},
        "network": network.name, "method": method, "settings": settings,
        "seed": SEED, "input_shape": network.input_shape, "classes": network.classes, "batches": sizes,
        "sparsity": SPARSITY, "rounds": ROUNDS,
        "tensors": [spec._asdict() for spec in tensors(network)],
        "prunable": prunable(network),
        "kept": [[int(m.sum().item()) for m in after.values()] for _, _, _, after in history],
        "margins": [margin(scores, before, after) for before, scores, _, after in history],
        "first_round": scored(*first[:3]),
        "last_round": scored(*last[:3]),
        "mask_before_last_round": bits(last[0]),
        "mask": bits(last[3]),
    }


def generator():
    """The numbers that DeterministicTensors.cs must give."""
    draws = {name: uniform(name, (5,), low, high, seed).tolist()
             for name, low, high, seed in (("conv1.weight", -1.0, 1.0, 1), ("bn1.running_var", 0.5, 1.5, 1), ("layer3.2.conv2.weight", -0.1, 0.1, 7))}
    return {
        "made_by": {"script": "Oracle/golden.py", "python": platform.python_version(), "torch": torch.__version__},
        "draws": [{"name": "conv1.weight", "low": -1.0, "high": 1.0, "seed": 1, "values": draws["conv1.weight"]},
                  {"name": "bn1.running_var", "low": 0.5, "high": 1.5, "seed": 1, "values": draws["bn1.running_var"]},
                  {"name": "layer3.2.conv2.weight", "low": -0.1, "high": 0.1, "seed": 7, "values": draws["layer3.2.conv2.weight"]}],
        "image_sum": images(10, (3, 32, 32), SEED).sum().item(),
        "labels": methods.labels(12, 10).tolist(),
    }


def write(name, content):
    """One line an element of the outer object: small files, and a diff that can be read."""
    lines = [f"  {json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in content.items()]
    with open(os.path.join(FOLDER, name), "w", newline="\n") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    torch.set_num_threads(1)
    os.makedirs(FOLDER, exist_ok=True)
    write("generator.json", generator())
    for network, sizes, (method, settings, criterion) in CASES:
        content = case(network, sizes, method, settings, criterion)
        name = file_name(network, sizes, method, settings)
        write(name, content)
        size = os.path.getsize(os.path.join(FOLDER, name)) / 1024
        print(f"{name:60} {size:6.0f} KB  smallest margin {min(content['margins']):.1e}  kept {content['kept'][-1]}")


if __name__ == "__main__":
    sys.exit(main())
