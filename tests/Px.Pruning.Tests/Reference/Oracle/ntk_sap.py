"""NTK-SAP: Wang, Li, Sun, ICLR 2023. The finite-difference norm of the Jacobian, at redrawn weights and random inputs."""
from math import sqrt

import torch

from networks import tensors
from passes import RedrawnValues, unwatched
from tensors import uniform


def draws(network, seed, t, repeat, batch, dtype):
    """Weights as the network's own are drawn, and a perturbation of unit variance, for one batch; every round has its own seed."""
    at = f"{repeat}.{batch}" if batch else f"{repeat}"
    specs = [spec for spec in tensors(network) if spec.name.endswith(".weight") and len(spec.shape) > 1]
    weights = {s.name: uniform(f"weights.{at}.{s.name}", s.shape, s.low, s.high, seed + 1000 * t).to(dtype) for s in specs}
    perturbation = {s.name: uniform(f"perturbation.{at}.{s.name}", s.shape, -sqrt(3), sqrt(3), seed + 1000 * t).to(dtype) for s in specs}
    return weights, perturbation


def ntk_sap(seed, epsilon, repeats):
    """J = sum_n |f(z_n; theta m) - f(z_n; (theta + epsilon delta) m)|^2; S = |dJ/dm| at the alive weights."""
    def score(network, state, mask, batches, t=1):
        m = {name: value.clone().requires_grad_() for name, value in mask.items()}
        objective = 0.0
        for repeat in range(repeats):
            for b, (x, _) in enumerate(batches):
                weights, perturbation = draws(network, seed, t, repeat, b, x.dtype)
                z = uniform(f"input.{repeat}.{b}", x.shape, -sqrt(3), sqrt(3), seed + 1000 * t).to(x.dtype)
                here = {name: weights[name] * m[name] for name in m}
                there = {name: (weights[name] + epsilon * perturbation[name]) * m[name] for name in m}
                statistics = RedrawnValues(here, state)
                with torch.no_grad(), unwatched():
                    network.run(statistics, z)
                J = ((network.run(RedrawnValues(here, state, statistics), z) - network.run(RedrawnValues(there, state, statistics), z)) ** 2).sum()
                J.backward()
                objective += J.item()
        return {name: mask[name] * value.grad.abs() for name, value in m.items()}, {"J": objective}
    return score
