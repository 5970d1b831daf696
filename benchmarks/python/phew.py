"""PHEW: walks through the layers, drawn by weight magnitude, until the mask is dense enough; the mask is counted after every walk."""
import numpy as np
import torch

from network import masked_layers


def phew(model, batch, sparsity, rounds, finished):
    walks = Walks(model)
    walks.run(int((1 - sparsity) * walks.total()))
    with torch.no_grad():
        for layer, mask in zip(masked_layers(model), walks.masks.values()):
            layer.weight_mask.copy_(torch.from_numpy(mask).view_as(layer.weight_mask))
    finished()


class Walks:
    def __init__(self, model):
        # [outputs, inputs, taps] each
        self.weights = {layer: layer.weight.detach().abs().flatten(2).numpy() if layer.weight.dim() == 4
                        else layer.weight.detach().abs().unsqueeze(2).numpy() for layer in masked_layers(model)}
        self.masks = {layer: np.zeros_like(weight) for layer, weight in self.weights.items()}
        self.kernels = {layer: weight.sum(2) for layer, weight in self.weights.items()}
        self.model = model

    def total(self):
        return sum(mask.size for mask in self.masks.values())

    def kept(self):
        return sum(mask.sum() for mask in self.masks.values())

    def run(self, wanted):
        inputs, outputs = self.kernels[self.model.conv1].shape[1], self.kernels[self.model.linear].shape[0]
        walk = 0
        while self.kept() < wanted:
            turn = walk // 2
            if walk % 2 == 0:
                self.forward(turn % inputs)
            else:
                self.backward(turn % outputs)
            walk += 1

    def forward(self, unit):
        for layer in self.route():
            unit = self.step(layer, unit, self.kernels[layer][:, unit], lambda chosen, unit=unit: (chosen, unit))

    def backward(self, unit):
        for layer in reversed(self.route()):
            unit = self.step(layer, unit, self.kernels[layer][unit], lambda chosen, unit=unit: (unit, chosen))

    def step(self, layer, unit, kernels, place):
        chosen = draw(kernels)
        output, source = place(chosen)
        tap = draw(self.weights[layer][output, source])
        self.masks[layer][output, source, tap] = 1
        return chosen

    def route(self):
        """The layers of one walk: a projection is taken every other time, an identity never."""
        layers = [self.model.conv1]
        for stage in (self.model.layer1, self.model.layer2, self.model.layer3):
            for block in stage:
                if len(block.shortcut) > 0 and np.random.rand() < 0.5:
                    layers.append(block.shortcut[0])
                else:
                    layers += [block.conv1, block.conv2]
        return layers + [self.model.linear]


def draw(sizes):
    sizes = sizes.astype(np.float64)
    total = sizes.sum()
    return np.random.choice(len(sizes), p=sizes / total if total > 0 else None)
