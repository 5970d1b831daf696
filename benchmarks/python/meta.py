"""ProsPR: the loss after inner steps of SGD, differentiated with respect to the mask through all of them; every graph lives."""
import torch
import torch.nn.functional as F
from torch.nn.utils.stateless import functional_call

from network import masked_layers

STEPS = 3
RATE = 0.1


def prospr(model, batch):
    """|dL(w_M)/dm| with w_0 = m * theta."""
    model.train()
    masks = [layer.weight_mask.clone().requires_grad_() for layer in masked_layers(model)]
    loss = loss_after_steps(model, batch, masks)
    return [gradient.abs() for gradient in torch.autograd.grad(loss, masks)]


def loss_after_steps(model, batch, masks):
    x, target = batch
    layers = set(masked_layers(model))
    names = [f"{name}.weight" for name, module in model.named_modules() if module in layers]
    weights = [mask * layer.weight.detach() for mask, layer in zip(masks, masked_layers(model))]
    for _ in range(STEPS):
        loss = F.cross_entropy(functional_call(model, dict(zip(names, weights)), x), target)
        gradients = torch.autograd.grad(loss, weights, create_graph=True)
        weights = [weight - RATE * gradient for weight, gradient in zip(weights, gradients)]
    return F.cross_entropy(functional_call(model, dict(zip(names, weights)), x), target)
