"""The published formulas, in the plainest form. float64 throughout; a batch is an (input, target) pair.

A problem is (network, state); a mask is a dict from weight name to a 0/1 tensor; scores are a dict from weight name to
tensor; a criterion is a function (network, state, mask, batches) -> (scores, facts).
"""
from math import floor

import torch
import torch.nn.functional as F

from networks import prunable, tensors
from passes import JointPaths, PathActivity, PathValue, Values
from tensors import images, labels, uniform


def make_state(network, seed):
    return {spec.name: uniform(spec.name, spec.shape, spec.low, spec.high, seed) for spec in tensors(network)}


def make_batches(network, sizes, seed):
    x = images(sum(sizes), network.input_shape, seed)
    return list(zip(x.split(sizes), labels(sum(sizes), network.classes).split(sizes)))


def full_mask(network, state):
    return {name: torch.ones_like(state[name]) for name in prunable(network)}


def masked(state, mask):
    return {name: state[name] * m for name, m in mask.items()}


def squares(theta):
    """theta^2 as the variable to differentiate by."""
    return {name: (value ** 2).requires_grad_() for name, value in theta.items()}


def weighted(theta, theta2, weighting):
    factor = {"squared": lambda t: t ** 2, "absolute": lambda t: t.abs()}[weighting]
    return {name: factor(theta[name]) * theta2[name].grad for name in theta}


# ---- the frozen norm layers: what f saw, as constants ----

def evaluate(network, theta, state, statistics, batches):
    """f on every batch (its own statistics in each), and the variance that h takes: pooled over the batches by samples."""
    with torch.no_grad():
        passes = []
        for x, _ in batches:
            f = Values(theta, state, statistics)
            network.run(f, x)
            passes.append(f)
        sizes = torch.tensor([float(len(x)) for x, _ in batches], dtype=torch.float64)
        share = (sizes / sizes.sum()).view(-1, 1)
        variance = {}
        for name in passes[0].variance:
            means = torch.stack([f.mean[name] for f in passes])
            within = (share * torch.stack([f.variance[name] for f in passes])).sum(0)
            between = (share * (means - (share * means).sum(0)) ** 2).sum(0)
            variance[name] = within + between
    return passes, variance


# ---- Path eXclusion: Iurada, Ciccone, Tommasi, CVPR 2024, Eq. 9 ----

def px_decoupled(statistics, weighting):
    """R = sum_n sum_k g^k(x_n^2, 1, a_n) h^k(1, theta^2, 1), with the ones-input of h repeated for every sample."""
    def score(network, state, mask, batches):
        theta = masked(state, mask)
        theta2 = squares(theta)
        passes, variance = evaluate(network, theta, state, statistics, batches)
        objective, activity = 0.0, torch.zeros(network.classes, dtype=torch.float64)
        for (x, _), f in zip(batches, passes):
            with torch.no_grad():
                g = network.run(PathActivity(mask, f), x ** 2)
            h = network.run(PathValue(theta2, state, variance), torch.ones_like(x))
            R = (g * h).sum()
            R.backward()
            objective += R.item()
            activity += g.sum(0)
        return weighted(theta, theta2, weighting), {"R": objective, "G": activity.tolist()}
    return score


def px_joint(statistics, weighting):
    """R = sum_n sum_k sum_p a_p(x_n) x_ns^2 v_p^2: this project's own objective, not the paper's."""
    def score(network, state, mask, batches):
        theta = masked(state, mask)
        theta2 = squares(theta)
        passes, variance = evaluate(network, theta, state, statistics, batches)
        objective = 0.0
        for (x, _), f in zip(batches, passes):
            R = network.run(JointPaths(theta2, state, f, variance), x ** 2).sum()
            R.backward()
            objective += R.item()
        return weighted(theta, theta2, weighting), {"R": objective}
    return score


# ---- SNIP: Lee, Ajanthan, Torr, ICLR 2019; gradients of the mean cross-entropy summed over batches ----

def snip(statistics):
    def score(network, state, mask, batches):
        theta = {name: value.requires_grad_() for name, value in masked(state, mask).items()}
        losses = []
        for x, target in batches:
            loss = F.cross_entropy(network.run(Values(theta, state, statistics), x), target)
            loss.backward()
            losses.append(loss.item())
        return {name: (value * value.grad).abs().detach() for name, value in theta.items()}, {"losses": losses}
    return score


# ---- SynFlow-L2: one all-ones input, squared weights, running statistics ----

def synflow_l2(network, state, mask, batches):
    theta = masked(state, mask)
    theta2 = squares(theta)
    variance = {name[:-len(".running_var")]: value for name, value in state.items() if name.endswith(".running_var")}
    ones = torch.ones((1, *network.input_shape), dtype=torch.float64)
    R = network.run(PathValue(theta2, state, variance), ones).sum()
    R.backward()
    return weighted(theta, theta2, "squared"), {"R": R.item()}


def magnitude(network, state, mask, batches):
    return {name: value.abs() for name, value in masked(state, mask).items()}, {}


# ---- the loop ----

def keep_count(density, total):
    """round(density * total), halves away from zero."""
    return floor(density * total + 0.5)


def shrink(scores, mask, count):
    """Of the weights still kept, the `count` with the highest score; of equal scores the first in parameter and index order."""
    names = list(mask)
    flat = torch.cat([scores[name].flatten() for name in names])
    alive = torch.cat([mask[name].flatten() for name in names]).bool().nonzero().flatten()
    if not torch.isfinite(flat).all():
        raise ArithmeticError("a score is not finite")
    order = torch.sort(flat[alive], descending=True, stable=True).indices
    kept = torch.zeros_like(flat)
    kept[alive[order[:count]]] = 1
    parts = kept.split([mask[name].numel() for name in names])
    return {name: part.view_as(mask[name]) for name, part in zip(names, parts)}


def prune(criterion, network, state, batches, sparsity, rounds):
    """Returns (mask before, scores, facts, mask after) of every round: exponential schedule, density d^(t/T) after round t."""
    density = 1 - sparsity
    mask = full_mask(network, state)
    total = sum(m.numel() for m in mask.values())
    history = []
    for t in range(1, rounds + 1):
        scores, facts = criterion(network, state, mask, batches)
        after = shrink(scores, mask, keep_count(density ** (t / rounds), total))
        history.append((mask, scores, facts, after))
        mask = after
    return history
