"""Methods that differentiate the loss, or train. The published formulas, in the plainest form."""
import torch
import torch.nn.functional as F

from loop import masked
from passes import Values


def leaves(theta):
    return {name: value.detach().requires_grad_() for name, value in theta.items()}


def loss_of(network, weights, state, statistics, batch, temperature=1.0):
    x, target = batch
    return F.cross_entropy(network.run(Values(weights, state, statistics), x) / temperature, target)


def derivative(value, weights, create_graph=False):
    return dict(zip(weights, torch.autograd.grad(value, list(weights.values()), create_graph=create_graph)))


# ---- SNIP: Lee, Ajanthan, Torr, ICLR 2019; gradients of the mean cross-entropy summed over batches ----

def snip(statistics):
    """S = |theta dL/dtheta|; iterated with pruned weights left out, this is Iterative SNIP."""
    def score(network, state, mask, batches, t=1):
        theta = leaves(masked(state, mask))
        losses = []
        for batch in batches:
            loss = loss_of(network, theta, state, statistics, batch)
            loss.backward()
            losses.append(loss.item())
        return {name: (value * value.grad).abs().detach() for name, value in theta.items()}, {"losses": losses}
    return score


# ---- FORCE: de Jorge et al., ICLR 2021; every weight is ranked anew, by the gradient at the masked network ----

def force(statistics):
    """S = |theta_dense dL/dtheta at theta * m|, at the pruned entries too."""
    def score(network, state, mask, batches, t=1):
        theta = leaves(masked(state, mask))
        loss = sum(loss_of(network, theta, state, statistics, batch) for batch in batches)
        gradient = derivative(loss, theta)
        return {name: (state[name] * gradient[name]).abs() for name in theta}, {"losses": [loss.item()]}
    return score


# ---- GraSP: Wang, Zhang, Grosse, ICLR 2020; the largest S = theta * Hg stay ----

def grasp(statistics, temperature):
    """L = sum_b n_b/N CE(f_b / T), g its gradient at the alive weights, H its Hessian: S = theta * Hg, signed."""
    def score(network, state, mask, batches, t=1):
        theta = leaves(masked(state, mask))
        samples = sum(len(x) for x, _ in batches)
        loss = sum(len(batch[0]) / samples * loss_of(network, theta, state, statistics, batch, temperature) for batch in batches)
        gradient = derivative(loss, theta, create_graph=True)
        product = sum((gradient[name] * (mask[name] * gradient[name].detach())).sum() for name in theta)
        curved = derivative(product, theta)
        return {name: (theta[name] * curved[name]).detach() for name in theta}, {"losses": [loss.item()]}
    return score


# ---- ProsPR: Alizadeh et al., ICLR 2022; the gradient through M steps of training ----

def prospr(statistics, steps, learning_rate, momentum, first_order):
    """S = |theta dL_meta/dw_0|, L_meta the loss after M masked SGD steps from w_0 = theta * m; first order: dL_meta/dw_M."""
    def score(network, state, mask, batches, t=1):
        first = w = leaves(masked(state, mask))
        velocity = {name: torch.zeros_like(value) for name, value in w.items()}
        losses = []
        for step in range(steps):
            loss = loss_of(network, w, state, statistics, batches[step % len(batches)])
            gradient = derivative(loss, w, create_graph=True)
            velocity = {name: momentum * velocity[name] + mask[name] * gradient[name] for name in w}
            w = {name: w[name] - learning_rate * velocity[name] for name in w}
            losses.append(loss.item())
        meta = loss_of(network, w, state, statistics, batches[steps % len(batches)])
        gradient = derivative(meta, w if first_order else first)
        return ({name: (first[name] * gradient[name]).abs().detach() for name in first}, {"losses": [*losses, meta.item()]})
    return score


# ---- magnitude, before training and after it (IMP: Frankle, Carbin, ICLR 2019, rewinding to the initial weights) ----

def magnitude(network, state, mask, batches, t=1):
    return {name: value.abs() for name, value in masked(state, mask).items()}, {}


def imp(steps, learning_rate):
    """S = |w| after training: steps of gradient descent on all samples at once, running statistics, only the weights move."""
    def score(network, state, mask, batches, t=1):
        w = masked(state, mask)
        everything = torch.cat([x for x, _ in batches]), torch.cat([y for _, y in batches])
        losses = []
        for _ in range(steps):
            w = leaves(w)
            loss = loss_of(network, w, state, "running", everything)
            gradient = derivative(loss, w)
            w = {name: (w[name] - learning_rate * mask[name] * gradient[name]).detach() for name in w}
            losses.append(loss.item())
        return {name: value.abs() for name, value in w.items()}, {"losses": losses}
    return score
