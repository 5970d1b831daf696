"""SNIP, IterSNIP, FORCE and GraSP: gradients of the loss through the masks, in training mode."""
import torch
import torch.nn.functional as F

from harness import TrackedMasks, clear_gradients
from network import masked_layers

TEMPERATURE = 200


def snip(model, batch):
    """|dL/dm|, divided by the sum."""
    scores = [gradient.abs() for gradient in mask_gradients(model, batch)]
    total = torch.cat([score.flatten() for score in scores]).sum()
    return [score / total for score in scores]


def iter_snip(model, batch):
    """|theta * dL/dtheta| of the masked network: a pruned weight has no gradient."""
    model.train()
    x, target = batch
    F.cross_entropy(model(x), target).backward()
    scores = [(layer.weight.grad * layer.weight).detach().abs() for layer in masked_layers(model)]
    clear_gradients(model)
    return scores


def force(model, batch):
    """|theta * dL/d(theta m)|: the gradient reaches pruned weights, which may return."""
    return [gradient.abs() for gradient in mask_gradients(model, batch)]


def mask_gradients(model, batch):
    model.train()
    x, target = batch
    with TrackedMasks(model):
        F.cross_entropy(model(x), target).backward()
        return [layer.weight_mask.grad.clone() for layer in masked_layers(model)]


def grasp(model, batch):
    """theta * (H g): pass 1 for g, pass 2 for the product by double backward; the smallest are removed."""
    model.train()
    x, target = batch
    weights = [layer.weight for layer in masked_layers(model)]
    loss = F.cross_entropy(model(x) / TEMPERATURE, target)
    stopped = flat(torch.autograd.grad(loss, weights)).detach()

    loss = F.cross_entropy(model(x) / TEMPERATURE, target)
    gradient = flat(torch.autograd.grad(loss, weights, create_graph=True))
    (stopped * gradient).sum().backward()
    scores = [(weight.grad * weight).detach() for weight in weights]
    total = torch.cat([score.flatten() for score in scores]).sum().abs() + 1e-10
    clear_gradients(model)
    return [score / total for score in scores]


def flat(tensors):
    return torch.cat([tensor.reshape(-1) for tensor in tensors])
