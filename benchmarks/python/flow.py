"""SynFlow and its kin: one sample of ones, no data."""
import copy

import torch
import torch.nn as nn

from harness import clear_gradients
from network import masked_layers, norm_layers
from px import squared_copy


def ones_like_sample(batch, dtype):
    return torch.ones((1, *batch[0].shape[1:]), dtype=dtype)


def synflow(model, batch):
    model.eval()
    signs = linearize(model)
    model(ones_like_sample(batch, batch[0].dtype)).sum().backward()
    scores = [(layer.weight.grad * layer.weight).detach().abs() for layer in masked_layers(model)]
    clear_gradients(model)
    restore(model, signs)
    return scores


@torch.no_grad()
def linearize(model):
    signs = {}
    for name, tensor in model.state_dict().items():
        signs[name] = torch.sign(tensor)
        tensor.abs_()
    return signs


@torch.no_grad()
def restore(model, signs):
    for name, tensor in model.state_dict().items():
        tensor.mul_(signs[name])


def synflow_l2(model, batch):
    h = squared_copy(model)
    h(ones_like_sample(batch, batch[0].dtype)).sum().backward()
    return [(layer.weight * layer.weight.grad).detach() for layer in masked_layers(h)]


def log_synflow(model, batch):
    flow = copy.deepcopy(model).double()
    without_norms(flow)
    linearize(flow)
    flow(ones_like_sample(batch, torch.float64)).sum().backward()
    return [(layer.weight * torch.log(layer.weight.grad + 1)).detach().abs() for layer in masked_layers(flow)]


def without_norms(module):
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(module, name, nn.Identity())
        else:
            without_norms(child)
