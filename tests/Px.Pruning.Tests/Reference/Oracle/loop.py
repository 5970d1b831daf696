"""Problems, masks and the loop that all methods share. float64 unless asked otherwise; a batch is an (input, target) pair.

A problem is (network, state); a mask is a dict from weight name to a 0/1 tensor; scores are a dict from weight name to
tensor; a criterion is a function (network, state, mask, batches, t) -> (scores, facts) for round t = 1, 2, ...
"""
from math import floor

import torch

from networks import prunable, tensors
from tensors import images, label_maps, labels, uniform


def make_state(network, seed, dtype=torch.float64):
    return {spec.name: uniform(spec.name, spec.shape, spec.low, spec.high, seed).to(dtype) for spec in tensors(network)}


def make_batches(network, sizes, seed, dtype=torch.float64):
    count = sum(sizes)
    x = images(count, network.input_shape, seed).to(dtype)
    y = label_maps(count, *network.label_shape, network.classes) if network.label_shape else labels(count, network.classes)
    return list(zip(x.split(sizes), y.split(sizes)))


def full_mask(network, state):
    return {name: torch.ones_like(state[name]) for name in prunable(network)}


def masked(state, mask):
    return {name: state[name] * m for name, m in mask.items()}


def keep_count(density, total, counting="rounded"):
    """How many weights stay. rounded: round(density * total), halves away from zero; truncated: the number removed is truncated."""
    if counting == "truncated":
        return total - int((1.0 - density) * total)
    return floor(density * total + 0.5)


def shrink(scores, candidates, count):
    """Of the candidates, the `count` with the highest score; of equal scores the first in parameter and index order."""
    names = list(candidates)
    flat = torch.cat([scores[name].flatten() for name in names])
    among = torch.cat([candidates[name].flatten() for name in names]).bool()
    if not torch.isfinite(flat).all():
        raise ArithmeticError("a score is not finite")
    ranked = flat[among]
    lowest = ranked.kthvalue(len(ranked) - count + 1).values
    keep = ranked > lowest
    ties = (ranked == lowest).nonzero().flatten()
    keep[ties[:count - int(keep.sum())]] = True
    kept = torch.zeros_like(flat)
    kept[among] = keep.to(flat.dtype)
    parts = kept.split([candidates[name].numel() for name in names])
    return {name: part.view_as(candidates[name]) for name, part in zip(names, parts)}


def prune(criterion, network, state, batches, sparsity, rounds, revives=False, counting="rounded", restorations=0, restoration=None):
    """Yields (candidates, mask before, scores, facts, mask after) of every round: exponential schedule, density d^(t/T) after round t.

    A weight that was pruned is a candidate again only where `revives`. Restoration r from 1 grows the mask to D = d^(1 - 2^-r) in T linear
    steps, then T rounds more prune it, density D (d / D)^(t/T).
    """
    density = 1 - sparsity
    mask = everything = full_mask(network, state)
    total = sum(m.numel() for m in mask.values())
    for t in range(1, rounds * (1 + restorations) + 1):
        series, step = divmod(t - 1, rounds)
        start = density ** (1 - 2.0 ** -series)
        if series and not step:
            for s in range(1, rounds + 1):
                wanted = keep_count(density + (start - density) * s / rounds, total, counting)
                mask = shrink(restoration(mask, t, s), everything, wanted)
        scores, facts = criterion(network, state, mask, batches, t)
        candidates = everything if revives else mask
        after = shrink(scores, candidates, keep_count(start * (density / start) ** ((step + 1) / rounds), total, counting))
        yield candidates, mask, scores, facts, after
        mask = after
