"""WideTopo: Deng et al., Neural Networks 194, 2026. NTK trace, implicit target alignment, density-aware decay, mask restoration."""
from math import log10, sqrt

import torch

from gradients import leaves
from loop import masked
from passes import RedrawnValues, channels, unwatched
from tensors import uniform


class ConstantValues(RedrawnValues):
    """f with its own norm scales and shifts: the first pass takes the batch's statistics, later passes its constants."""

    def norm(self, name, x):
        return super().norm(name, x) * channels(self.state[f"{name}.weight"]) + channels(self.state[f"{name}.bias"])


def draw(name, shape, seed, t):
    """Unit variance; every round has its own seed."""
    return uniform(name, shape, -sqrt(3), sqrt(3), seed + 1000 * t)


def gradient(value, tensors, create_graph=False):
    """Zero where the value does not depend on a tensor."""
    found = torch.autograd.grad(value, list(tensors.values()), create_graph=create_graph, allow_unused=True)
    return {name: torch.zeros_like(tensors[name]) if g is None else g for name, g in zip(tensors, found)}


def trace_scores(network, state, mask, x, constants, c):
    """|m theta dt/dtheta|, t = |m gamma|^2, gamma the gradient of sum c f: Hutchinson's estimate of the trace of the NTK."""
    theta = leaves(masked(state, mask))
    gamma = gradient((c * network.run(ConstantValues(theta, state, constants), x)).sum(), theta, create_graph=True)
    trace = sum(((gamma[name] * mask[name]) ** 2).sum() for name in theta)
    slope = gradient(trace, theta) if trace.requires_grad else {name: torch.zeros_like(value) for name, value in theta.items()}
    return {name: (mask[name] * theta[name] * slope[name]).abs().detach() for name in theta}


def alignment_scores(network, state, mask, x, constants, delta_theta, delta_x, epsilon):
    """|dA/dm|, A = sum_n |[f(x', theta') - f(x, theta')] - [f(x', theta) - f(x, theta)]|^2 / epsilon^2."""
    m = {name: value.clone().requires_grad_() for name, value in mask.items()}

    def f(x, move):
        return network.run(ConstantValues({name: (state[name] + move * delta_theta[name]) * m[name] for name in m}, state, constants), x)

    mixed = (f(x + delta_x, 1) - f(x, 1)) - (f(x + delta_x, 0) - f(x, 0))
    slope = gradient((mixed ** 2).sum() / epsilon ** 2, m)
    return {name: mask[name] * slope[name].abs() for name in m}


def decay(mask, factor):
    """(m / max(1, out in))^(factor C) with C = -log10 density and the numbers of weights alive in a row and in a column."""
    density = sum(m.sum().item() for m in mask.values()) / sum(m.numel() for m in mask.values())
    exponent = factor * -log10(density)
    if exponent == 0:
        return {name: torch.ones_like(m) for name, m in mask.items()}
    return {name: (m / (rows(m) * columns(m)).clamp(min=1)) ** exponent for name, m in mask.items()}


def rows(m):
    return m.sum([d for d in range(m.dim()) if d != 0], keepdim=True)


def columns(m):
    return m.sum([d for d in range(m.dim()) if d != 1], keepdim=True)


def wide_topo(seed, ntk_weight, alignment_weight, epsilon, density_decay):
    """S = (mu1 S_NTK + mu2 S_ITA) times the decay, both scores summed over batches."""
    def score(network, state, mask, batches, t=1):
        total = {name: torch.zeros_like(m) for name, m in mask.items()}
        for b, (x, _) in enumerate(batches):
            constants = ConstantValues(masked(state, mask), state)
            with torch.no_grad(), unwatched():
                shape = network.run(constants, x).shape
            parts = []
            if ntk_weight:
                c = draw(f"coefficients.{b}", shape, seed, t).to(x.dtype)
                parts.append((ntk_weight, trace_scores(network, state, mask, x, constants, c)))
            if alignment_weight:
                delta_theta = {name: epsilon * draw(f"perturbation.{b}.{name}", m.shape, seed, t).to(x.dtype) for name, m in mask.items()}
                delta_x = epsilon * draw(f"input.{b}", x.shape, seed, t).to(x.dtype)
                parts.append((alignment_weight, alignment_scores(network, state, mask, x, constants, delta_theta, delta_x, epsilon)))
            for weight, part in parts:
                total = {name: total[name] + weight * part[name] for name in total}
        factor = decay(mask, density_decay)
        return {name: (s * factor[name]).detach() for name, s in total.items()}, {}
    return score


def restoration(seed):
    """What loop.prune asks before the round t, in each step from 1: how much a dead weight is wanted back; a living one has 2."""
    def score(mask, t, step):
        scores = {}
        for name, m in mask.items():
            full = torch.ones_like(m)
            noise = draw(f"restoration.{step}.{name}", tuple(m.shape[:2]) + (1,) * (m.dim() - 2), seed, t).to(m.dtype)
            wanted = (1 - rows(m) / rows(full)) * (1 - columns(m) / columns(full)) + 1e-5 * noise
            scores[name] = (1 - m) * wanted + 2 * m
        return scores
    return score
