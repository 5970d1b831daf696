"""Path eXclusion as its authors run it: f, g and h over the whole batch, float activation maps kept, backward through h's batch."""
import copy

import torch

from network import activations, masked_layers, norm_layers

# One multiplication of g's input, which leaves the ranking as it is: g reaches 3e41 on ResNet-20, beyond float32.
INPUT_SCALE = 2.0 ** -60


def px_running(model, batch):
    model.eval()
    return paths(model, batch[0], lambda f, x: f(x))


def px_batch(model, batch):
    """Norm layers are frozen at the statistics of the batch: momentum 1 leaves them in the buffers, the variance unbiased."""
    model.train()
    buffers = [tensor.clone() for norm in norm_layers(model) for tensor in (norm.running_mean, norm.running_var)]
    scores = paths(model, batch[0], with_batch_statistics)
    with torch.no_grad():
        for norm in norm_layers(model):
            norm.running_mean.copy_(buffers.pop(0))
            norm.running_var.copy_(buffers.pop(0))
            norm.momentum = 0.1
    return scores


def with_batch_statistics(f, x):
    counts, hooks = {}, []
    for norm in norm_layers(f):
        norm.momentum = 1.0
        hooks.append(norm.register_forward_pre_hook(lambda module, inputs: counts.update({module: inputs[0].numel() // inputs[0].shape[1]})))
    y = f(x)
    for hook in hooks:
        hook.remove()
    for norm, count in counts.items():
        norm.running_var.mul_((count - 1) / count)
    return y


def paths(model, x, run):
    """S = theta^2 dR/dtheta^2 with R = sum_n sum_k g^k(x_n^2, 1, a_n) h^k(1, theta^2, 1)."""
    g = copy.deepcopy(model).eval()
    maps = []
    with torch.no_grad():
        replace_activations(model, recording(maps))
        run(model, x)
        replace_activations(model, torch.relu)
        ones_as_weights(g)
        replace_activations(g, replaying(maps))
        activity = g(x.square() * INPUT_SCALE)
    h = squared_copy(model)
    R = (activity * h(torch.ones_like(x))).sum()
    R.backward()
    return [(layer.weight * layer.weight.grad).detach() for layer in masked_layers(h)]


def recording(maps):
    def relu(x):
        y = torch.relu(x)
        maps.append((y > 0).to(x.dtype))
        return y
    return relu


def replaying(maps):
    remaining = iter(maps)
    return lambda x: x * next(remaining)


def replace_activations(model, function):
    for module in activations(model):
        module.function = function


@torch.no_grad()
def ones_as_weights(model):
    for layer in masked_layers(model):
        layer.weight.fill_(1)
    for norm in norm_layers(model):
        set_scale(norm, torch.ones_like(norm.weight))
    model.linear.bias.zero_()


@torch.no_grad()
def squared_copy(model):
    """h: squared weights and norm scales, no shifts, every path active, in evaluation mode."""
    h = copy.deepcopy(model).eval()
    replace_activations(h, lambda x: x)
    for layer in masked_layers(h):
        layer.weight.square_()
    for norm in norm_layers(h):
        set_scale(norm, norm.weight ** 2 / (norm.running_var + norm.eps))
    h.linear.bias.zero_()
    return h


def set_scale(norm, scale):
    """The norm layer as x * scale."""
    norm.weight.copy_(scale)
    norm.bias.zero_()
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)


def px_released(model, batch):
    """The first public code (April 2024): norm layers on batch statistics, g = f, h on x; |dR/dtheta^2| |theta|^5."""
    x, _ = batch
    model.train()
    g, h = copy.deepcopy(model), copy.deepcopy(model)
    maps = []
    with torch.no_grad():
        replace_activations(model, recording(maps))
        model(x)
        replace_activations(model, torch.relu)
        replace_activations(g, replaying(maps))
        activity = g(x)
        for layer in masked_layers(h):
            layer.weight.square_()
    replace_activations(h, lambda y: y)
    R = (activity * h(x)).sum()
    R.backward()
    return [(layer.weight.grad * theta.weight.abs() ** 5).abs().detach() for layer, theta in zip(masked_layers(h), masked_layers(model))]
