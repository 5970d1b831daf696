"""NTK-SAP, R = 1: two networks side by side on noise, differentiated with respect to the mask that they share."""
import copy

import torch
import torch.nn as nn

from harness import TrackedMasks
from network import masked_layers, norm_layers

EPSILON = 0.01


def ntk_sap(model, batch):
    redraw(model)
    return mask_scores(model, torch.randn_like(batch[0]))


@torch.no_grad()
def redraw(model):
    for layer in masked_layers(model):
        nn.init.kaiming_normal_(layer.weight)
    for norm in norm_layers(model):
        nn.init.ones_(norm.weight)
        nn.init.zeros_(norm.bias)


def mask_scores(model, z):
    for norm in norm_layers(model):
        norm.reset_running_stats()
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(z)
    model.eval()
    neighbour = perturbed(model)
    with TrackedMasks(model):
        (model(z) - neighbour(z)).square().sum().backward()
        return [(layer.weight_mask.grad * (layer.weight_mask != 0)).detach().abs() for layer in masked_layers(model)]


def perturbed(model):
    neighbour = copy.deepcopy(model)
    with torch.no_grad():
        for layer, original in zip(masked_layers(neighbour), masked_layers(model)):
            layer.weight.add_(torch.randn_like(layer.weight), alpha=EPSILON)
            layer.weight_mask = original.weight_mask
    return neighbour
