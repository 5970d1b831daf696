"""torchvision's side of `bench models`. Usage: networks.py THREADS FOLDER; then, a line each, with PASS = forward or step:

time PASS      answers the seconds of one pass
memory PASS    answers the resident bytes before two passes, and the most meanwhile
warm PASS      a pass of another such network on two small images; answers ok

FOLDER holds resnet18.safetensors and batch.safetensors (input, target).
"""
import gc
import sys
import time

import torch
import torchvision

import memory
from problem import read_safetensors


class Network:
    def __init__(self, model, images, target):
        self.model, self.images, self.target = model, images, target
        self.optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, weight_decay=1e-4)

    @staticmethod
    def load(folder):
        model = torchvision.models.resnet18()
        model.load_state_dict(read_safetensors(f"{folder}/resnet18.safetensors"))
        batch = read_safetensors(f"{folder}/batch.safetensors")
        return Network(model, batch["input"], batch["target"])

    @staticmethod
    def tiny():
        return Network(torchvision.models.resnet18(), torch.randn(2, 3, 32, 32), torch.arange(2))

    def forward(self):
        self.model.eval()
        with torch.no_grad():
            self.model(self.images)

    def step(self):
        self.model.train()
        self.model.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(self.model(self.images), self.target).backward()
        self.optimizer.step()


def answer(network, command, name):
    if command == "warm":
        getattr(Network.tiny(), name)()
        return "ok"
    run = getattr(network, name)
    if command == "time":
        start = time.perf_counter()
        run()
        return f"{time.perf_counter() - start:.6f}"
    gc.collect()
    memory.reset_peak()
    before = memory.resident()
    run()
    run()
    return f"{before} {memory.peak()}"


def main():
    threads, folder = sys.argv[1:]
    torch.set_num_threads(int(threads))
    network = Network.load(folder)
    print(f"ready {memory.library('libtorch_cpu')}", flush=True)
    for line in sys.stdin:
        print(answer(network, *line.split()), flush=True)


main()
