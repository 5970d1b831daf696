"""What both sides prune: a folder with model.safetensors, batch.safetensors (input, target) and the network's size in its name."""
import json
import struct

import numpy as np
import torch

from network import CifarResNet

TYPES = {"F32": np.float32, "I64": np.int64}


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: tensor(data, entry) for name, entry in header.items()}


def tensor(data, entry):
    begin, end = entry["data_offsets"]
    values = np.frombuffer(data[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
    return torch.from_numpy(values.copy())


class Problem:
    def __init__(self, model, batch):
        self.model, self.batch = model, batch
        self.weights = {name: value.clone() for name, value in model.state_dict().items()}

    @staticmethod
    def load(folder, depth, width):
        model = CifarResNet(depth, width)
        missing, unexpected = model.load_state_dict(read_safetensors(f"{folder}/model.safetensors"), strict=False)
        wrong = [name for name in missing if not name.endswith("weight_mask")] + unexpected
        if wrong:
            raise ValueError(f"the two networks differ: {wrong}")
        batch = read_safetensors(f"{folder}/batch.safetensors")
        return Problem(model, (batch["input"], batch["target"]))

    @staticmethod
    def tiny():
        return Problem(CifarResNet(8, 4), (torch.randn(4, 3, 8, 8), torch.arange(4)))

    def reset(self):
        """As loaded, every weight kept: methods leave the network as their authors' code does."""
        self.model.load_state_dict(self.weights)
        for module in self.model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = 0.1
