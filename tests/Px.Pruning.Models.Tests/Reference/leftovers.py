"""Whole checkpoints of trainings and models inside wrappers, as PyTorch writes them, and the weights that are in them.

    python3 leftovers.py leftovers > leftovers.json

Written with Python 3.11.2, torch 1.13.0 and NumPy 1.24.2 (Debian 12, CPU). Every file was loaded again with torch.load; the JSON has the weights of the
model under its own names: name -> elements in row-major order. torch.compile is PyTorch 2's: its names are put in by hand.
"""
import argparse
import collections
import datetime
import json
import os
import pathlib
import sys

import numpy
import torch

FOLDER = sys.argv[1]
found = {}
torch.manual_seed(1)


def network():
    return torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))


def flat(tensor):
    return [float(value) for value in tensor.detach().reshape(-1)]


def save(name, value, model, **options):
    path = os.path.join(FOLDER, name)
    torch.save(value, path, **options)
    torch.load(path)
    found[name] = {key: flat(tensor) for key, tensor in model.state_dict().items() if tensor.is_floating_point()}


def floats(model):
    return collections.OrderedDict((key, tensor) for key, tensor in model.state_dict().items() if tensor.is_floating_point())


def training(name, make, **options):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = make(optimizer)
    model(torch.randn(4, 2)).sum().backward()
    optimizer.step()
    scheduler.step()
    history = collections.defaultdict(list)
    history["loss"].append(0.5)
    save(name, {
        "epoch": 3, "model": floats(model), "optimizer": optimizer.state_dict(), "lr_scheduler": scheduler.state_dict(),
        "scaler": {"scale": 65536.0, "growth_tracker": 0}, "args": argparse.Namespace(lr=0.1, output=pathlib.PurePosixPath("runs")), "history": history,
        "counts": collections.Counter("abca"), "recent": collections.deque([1, 2], maxlen=5), "best": numpy.float64(91.5), "curve": numpy.arange(3.0),
        "rng": torch.get_rng_state(), "numpy_rng": numpy.random.RandomState(1).get_state(), "when": datetime.datetime(2024, 1, 2), "version": torch.__version__,
    }, model, **options)


schedulers = {
    "multistep": lambda optimizer: torch.optim.lr_scheduler.MultiStepLR(optimizer, [30, 60, 60]),
    "onecycle": lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=10),
    "cyclic": lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 5),
    "plateau": lambda optimizer: Stepping(optimizer),
    "sequence": lambda optimizer: torch.optim.lr_scheduler.SequentialLR(
        optimizer, [torch.optim.lr_scheduler.LinearLR(optimizer), torch.optim.lr_scheduler.MultiStepLR(optimizer, [3])], [1]),
}


class Stepping(torch.optim.lr_scheduler.ReduceLROnPlateau):
    def step(self):
        super().step(1.0)


os.makedirs(FOLDER, exist_ok=True)
for name, make in schedulers.items():
    training(f"{name}.pth", make)
training("onecycle-legacy.pth", schedulers["onecycle"], _use_new_zipfile_serialization=False)
training("onecycle4.pth", schedulers["onecycle"], pickle_protocol=4)

model = network()
averaged = torch.optim.swa_utils.AveragedModel(model)
save("averaged.pth", collections.OrderedDict(
    (key, tensor) for key, tensor in averaged.state_dict().items() if key == "n_averaged" or tensor.is_floating_point()), model)
save("parallel.pth", floats(torch.nn.DataParallel(model)), model)
save("averaged-parallel.pth", collections.OrderedDict(
    (key, tensor) for key, tensor in torch.optim.swa_utils.AveragedModel(torch.nn.DataParallel(model)).state_dict().items()
    if key == "n_averaged" or tensor.is_floating_point()), model)
save("compiled.pth", {"_orig_mod." + key: tensor for key, tensor in floats(model).items()}, model)
save("parallel-compiled.pth", {"module._orig_mod." + key: tensor for key, tensor in floats(model).items()}, model)
save("compiled-parallel.pth", {"_orig_mod.module." + key: tensor for key, tensor in floats(model).items()}, model)
save("compiled-inside.pth", {key.replace("0.", "0._orig_mod.", 1): tensor for key, tensor in floats(model).items()}, model)

# A tensor with an attribute of its own, and a parameter.
marked = floats(model)
marked["0.bias"].mark = 1
marked["0.weight"] = model[0].weight
save("attributes.pth", marked, model)
json.dump({"torch": torch.__version__, "files": found}, sys.stdout, separators=(",", ":"))
