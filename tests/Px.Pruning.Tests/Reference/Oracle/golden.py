"""Writes ../Golden/*.json. Values are never written again to make a test pass; see ../README.md.

golden.py [WORD...]: only the files whose name holds every word. golden.py --try SEED [WORD...]: writes nothing, reports.
"""
import base64
import hashlib
import json
import os
import platform
import sys
import time

import numpy as np
import torch

from cases import CASES
from loop import make_batches, make_state, prune
from networks import VGG16, prunable, tensors
from rounding import in_float32, margin, resummed
from tensors import images, label_maps, labels, uniform
from wide_topo import restoration

ROUNDS = 10
SAMPLES_PER_LAYER = 40
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Golden")
MADE_BY = {"script": "Oracle/golden.py", "python": platform.python_version(), "torch": torch.__version__}


def file_name(case):
    words = ["two-batches"] * (len(case.batches) > 1) + [case.counting] * (case.counting != "rounded")
    return "-".join([case.network.name, case.method.name, *case.method.variant, *words]) + ".json"


def packed(mask):
    """All masks in parameter order, row-major, one bit a weight, the first weight in the highest bit of the first byte."""
    flat = torch.cat([m.flatten() for m in mask.values()]).numpy().astype(np.uint8)
    return np.packbits(flat, bitorder="big").tobytes()


def text(mask):
    return base64.b64encode(packed(mask)).decode("ascii")


def scored(candidates, scores, facts):
    """Sums and maxima of sizes, and about SAMPLES_PER_LAYER scores a layer at even steps through the weights that are ranked."""
    layers = []
    for name, s in scores.items():
        ranked = candidates[name].flatten().nonzero().flatten()
        step = max(1, len(ranked) // SAMPLES_PER_LAYER) | 1
        indices = ranked[::step]
        layers.append({"name": name, "sum": s.abs().sum().item(), "max": s.abs().max().item(),
                       "indices": indices.tolist(), "values": s.flatten()[indices].tolist()})
    return {**facts, "layers": layers}


def masks(network, before, after):
    """VGG-16 has too many weights for a file: a digest of the mask's bytes instead."""
    if network is VGG16:
        return {"mask_sha256": hashlib.sha256(packed(after)).hexdigest()}
    return {"mask_before_last_round": text(before), "mask": text(after)}


def made(case):
    """The file's content, and a report on rounding that is not part of it."""
    network, method, seed = case.network, case.method, case.seed
    criterion = method.make(seed)
    state, batches = make_state(network, seed), make_batches(network, case.batches, seed)
    restorations = int(method.settings.get("restorations", 0))
    kept, margins, noise, report = [], [], [], []
    for t, (candidates, mask, scores, facts, after) in enumerate(
            prune(criterion, network, state, batches, case.sparsity, ROUNDS, method.revives, case.counting, restorations, restoration(seed)), start=1):
        kept.append([int(m.sum().item()) for m in after.values()])
        margins.append(margin(scores, candidates, after))
        if t == 1:
            first = scored(candidates, scores, facts)
        if t == 1 or t == ROUNDS * (1 + restorations) and network is not VGG16:
            report += in_float32(criterion, network, case.batches, seed, mask, scores, t)
            other = resummed(criterion, network, state, mask, batches, t)
            noise.append(max(((other[name] - s).abs().max() / s.abs().max().clamp(min=1e-300)).item() for name, s in scores.items()))
    last = {} if network is VGG16 else {"last_round": scored(candidates, scores, facts)}
    shape = {"label_shape": network.label_shape} if network.label_shape else {}
    counting = {"counting": case.counting} if case.counting != "rounded" else {}
    return {
        "made_by": MADE_BY,
        "network": network.name, "method": method.name, "settings": method.settings,
        "seed": seed, "input_shape": network.input_shape, "classes": network.classes, **shape, "batches": case.batches,
        "sparsity": case.sparsity, "rounds": ROUNDS, **counting,
        "tensors": [spec._asdict() for spec in tensors(network)],
        "prunable": prunable(network),
        "kept": kept,
        "margins": margins,
        "first_round": first, **last,
        **masks(network, mask, after),
    }, (max(noise), report)


def generator():
    """The numbers that DeterministicTensors.cs must give."""
    draws = {name: uniform(name, (5,), low, high, seed).tolist()
             for name, low, high, seed in (("conv1.weight", -1.0, 1.0, 1), ("bn1.running_var", 0.5, 1.5, 1), ("layer3.2.conv2.weight", -0.1, 0.1, 7))}
    return {
        "made_by": MADE_BY,
        "draws": [{"name": "conv1.weight", "low": -1.0, "high": 1.0, "seed": 1, "values": draws["conv1.weight"]},
                  {"name": "bn1.running_var", "low": 0.5, "high": 1.5, "seed": 1, "values": draws["bn1.running_var"]},
                  {"name": "layer3.2.conv2.weight", "low": -0.1, "high": 0.1, "seed": 7, "values": draws["layer3.2.conv2.weight"]}],
        "image_sum": images(10, (3, 32, 32), 1).sum().item(),
        "labels": labels(12, 10).tolist(),
        "label_maps": label_maps(2, 3, 4, 4).tolist(),
    }


def write(name, content):
    """One line an element of the outer object: small files, and a diff that can be read."""
    lines = [f"  {json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in content.items()]
    with open(os.path.join(FOLDER, name), "w", newline="\n") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


def main(words):
    torch.set_num_threads(1)
    seed = None
    if words[:1] == ["--try"]:
        seed, words = int(words[1]), words[2:]
    elif not words or words == ["generator"]:
        write("generator.json", generator())
    for case in CASES:
        name = file_name(case)
        if not all(word in name for word in words):
            continue
        started = time.monotonic()
        content, (noise, (error, clearance, *last)) = made(case if seed is None else case._replace(seed=seed))
        if seed is None:
            write(name, content)
        print(f"{name:60} margin {min(content['margins']):.1e}  noise {noise:.0e}  float32: error {error:.0e}, gates {clearance:.1f}"
              + (f"; last {last[0]:.0e}, {last[1]:.1f}" if last else "")
              + f"  kept {content['kept'][-1]}  {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
