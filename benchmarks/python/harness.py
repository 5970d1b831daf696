"""The loop of the SynFlow lineage: score, one global threshold by kthvalue, masks; d_t = d^(t/T)."""
import torch

from network import masked_layers


def by_scores(score):
    """From a function (model, (input, target)) -> [scores], one a masked layer, a function that prunes."""
    def prune(model, batch, sparsity, rounds, finished):
        for t in range(1, rounds + 1):
            apply_threshold(model, score(model, batch), (1 - sparsity) ** (t / rounds))
            finished()
    return prune


@torch.no_grad()
def apply_threshold(model, scores, density):
    flat = torch.cat([score.flatten() for score in scores])
    k = int((1 - density) * flat.numel())
    if k < 1:
        return
    threshold, _ = torch.kthvalue(flat, k)
    zero, one = torch.zeros(1, dtype=flat.dtype), torch.ones(1, dtype=flat.dtype)
    for layer, score in zip(masked_layers(model), scores):
        layer.weight_mask.copy_(torch.where(score <= threshold, zero, one))


def clear_gradients(model):
    model.zero_grad(set_to_none=True)
    for layer in masked_layers(model):
        layer.weight_mask.grad = None


class TrackedMasks:
    """While open, masks collect gradients."""

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        for layer in masked_layers(self.model):
            layer.weight_mask.requires_grad_(True)

    def __exit__(self, *_):
        for layer in masked_layers(self.model):
            layer.weight_mask.requires_grad_(False)
        clear_gradients(self.model)
