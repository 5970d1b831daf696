"""Sums over paths: Path eXclusion, SynFlow and their kin. The published formulas, in the plainest form."""
import torch

from loop import masked
from passes import (BarePathMagnitude, JointPaths, PathActivity, PathMagnitude, PathValue, ReleasedPathValue, Values, unwatched)


def squares(theta):
    """theta^2 as the variable to differentiate by."""
    return {name: (value ** 2).requires_grad_() for name, value in theta.items()}


def weighted(theta, theta2, weighting):
    factor = {"squared": lambda t: t ** 2, "absolute": lambda t: t.abs()}[weighting]
    return {name: factor(theta[name]) * theta2[name].grad for name in theta}


def one_sample_of_ones(network, state):
    return torch.ones((1, *network.input_shape), dtype=next(iter(state.values())).dtype)


# ---- the frozen norm layers: what f saw, as constants ----

def evaluate(network, theta, state, statistics, batches):
    """f on every batch (its own statistics in each), and the variance that h takes: pooled over the batches by samples."""
    with torch.no_grad():
        passes = []
        for x, _ in batches:
            f = Values(theta, state, statistics)
            network.run(f, x)
            passes.append(f)
        sizes = torch.tensor([float(len(x)) for x, _ in batches], dtype=batches[0][0].dtype)
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
    def score(network, state, mask, batches, t=1):
        theta = masked(state, mask)
        theta2 = squares(theta)
        passes, variance = evaluate(network, theta, state, statistics, batches)
        objective, activity = 0.0, torch.zeros(network.classes, dtype=batches[0][0].dtype)
        for (x, _), f in zip(batches, passes):
            with torch.no_grad():
                g = network.run(PathActivity(mask, f), x ** 2)
            h = network.run(PathValue(theta2, state, variance), torch.ones_like(x))
            R = (g * h).sum()
            R.backward()
            objective += R.item()
            activity += g.sum(0) if g.dim() == 2 else g.sum((0, 2, 3))
        return weighted(theta, theta2, weighting), {"R": objective, "G": activity.tolist()}
    return score


def px_joint(statistics, weighting):
    """R = sum_n sum_k sum_p a_p(x_n) x_ns^2 v_p^2: this project's own objective, not the paper's."""
    def score(network, state, mask, batches, t=1):
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


def px_released(network, state, mask, batches, t=1):
    """The authors' code of April 2024: R = sum_n sum_k f^k(x_n) h^k(x_n), f a constant; S = |dR/dtheta^2| |theta|^5."""
    theta = masked(state, mask)
    theta2 = squares(theta)
    objective = 0.0
    for x, _ in batches:
        with torch.no_grad(), unwatched():
            f = network.run(Values(theta, state, "batch"), x)
        R = (f * network.run(ReleasedPathValue(theta2, state), x)).sum()
        R.backward()
        objective += R.item()
    return {name: theta2[name].grad.abs() * theta[name].abs() ** 5 for name in theta}, {"R": objective}


# ---- SynFlow: Tanaka, Kunin, Yamins, Ganguli, NeurIPS 2020; one all-ones input, running statistics, no shift or bias ----

def synflow(network, state, mask, batches, t=1):
    """S = |theta| dR/d|theta|."""
    theta = {name: value.abs().requires_grad_() for name, value in masked(state, mask).items()}
    R = network.run(PathMagnitude(theta, state), one_sample_of_ones(network, state)).sum()
    R.backward()
    return {name: value.detach() * value.grad for name, value in theta.items()}, {"R": R.item()}


def synflow_l2(weighting):
    """theta^2 in the place of |theta|: S = theta^2 dR/dtheta^2, or |theta| dR/dtheta^2."""
    def score(network, state, mask, batches, t=1):
        theta = masked(state, mask)
        theta2 = squares(theta)
        variance = {name[:-len(".running_var")]: value for name, value in state.items() if name.endswith(".running_var")}
        R = network.run(PathValue(theta2, state, variance), one_sample_of_ones(network, state)).sum()
        R.backward()
        return weighted(theta, theta2, weighting), {"R": R.item()}
    return score


def logsynflow(network, state, mask, batches, t=1):
    """FreeREA, Cavagnero et al., WACV 2023: no norm layers, S = |theta| ln(1 + dR/d|theta|)."""
    theta = {name: value.abs().requires_grad_() for name, value in masked(state, mask).items()}
    R = network.run(BarePathMagnitude(theta, state), one_sample_of_ones(network, state)).sum()
    R.backward()
    return {name: value.detach() * torch.log(1 + value.grad) for name, value in theta.items()}, {"R": R.item()}
