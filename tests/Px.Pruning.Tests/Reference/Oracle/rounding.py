"""How near a problem comes to the places where rounding decides: cuts, gates, pooling choices."""
import torch

from loop import make_batches, make_state
from passes import Values


def margin(scores, candidates, after):
    """(lowest kept - highest removed) / the larger of their sizes: below about 1e-9, rounding decides the mask."""
    kept = min(s[after[name] > 0].min().item() for name, s in scores.items() if after[name].any())
    gone = max(s[(candidates[name] > 0) & (after[name] == 0)].max().item() for name, s in scores.items() if (candidates[name] > after[name]).any())
    size = max(abs(kept), abs(gone))
    return (kept - gone) / size if size > 0 else 0.0


def resummed(criterion, network, state, mask, batches, t):
    """The scores with every batch's samples in reverse order: the same sums, rounded otherwise."""
    return criterion(network, state, mask, [(x.flip(0), target.flip(0)) for x, target in batches], t)[0]


def watched(run):
    Values.watch = seen = []
    try:
        return run(), seen
    finally:
        Values.watch = None


def in_float32(criterion, network, sizes, seed, mask, scores, t):
    """(error of the scores in float32 relative to the layer's largest, how far gates and pools stand from it).

    The second number is the smallest |pre-activation| over the largest float32 error of a pre-activation in its channel, the
    gap between a window's two largest values likewise: above 1, no gate and no pooling choice is another one in float32. In float32
    both memory layouts of images count, since they sum in different orders.
    """
    def at(dtype, layout=torch.contiguous_format):
        state, batches = make_state(network, seed, dtype), make_batches(network, sizes, seed, dtype)
        batches = [(x.contiguous(memory_format=layout) if x.dim() == 4 else x, *rest) for x, *rest in batches]
        return watched(lambda: criterion(network, state, {name: m.to(dtype) for name, m in mask.items()}, batches, t)[0])

    exact, decisions = at(torch.float64)
    errors, clearances = [], []
    for layout in (torch.contiguous_format, torch.channels_last):
        rounded, others = at(torch.float32, layout)
        errors += [(rounded[name].double() - s).abs().max().item() / max(s.abs().max().item(), 1e-300) for name, s in exact.items()]
        clearances += [distance(z, other.double()) for (_, z), (_, other) in zip(decisions, others)]
    return max(errors), min(clearances, default=float("inf"))


def distance(z, rounded):
    """The least |z| / (the channel's largest rounding error); exact zeros and channels that are zero but for rounding decide nothing."""
    z, rounded = z.transpose(0, 1).flatten(1) if z.dim() > 2 else z.t(), rounded.transpose(0, 1).flatten(1) if z.dim() > 2 else rounded.t()
    error = (z - rounded).abs().max(1, keepdim=True).values
    free = (z == 0) & (rounded == 0) | (error == 0) | (z.abs().max(1, keepdim=True).values < 1e-9)
    return torch.where(free, torch.full_like(z, float("inf")), z.abs() / error).min().item()
