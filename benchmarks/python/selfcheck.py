"""Is it the same algorithm? Every score against the test oracle's formula or against finite differences, in float64, ResNet-20.

Usage: /usr/bin/python3 -B selfcheck.py; fails with an AssertionError that names the method.
"""
import importlib.util
import pathlib
import sys

import torch
import torch.nn.functional as F

import flow
import gradients
import meta
import ntk
import phew
import px
from network import CifarResNet, masked_layers, norm_layers

ORACLE = pathlib.Path(__file__).resolve().parents[2] / "tests/Px.Pruning.Tests/Reference/Oracle"
sys.path.insert(0, str(ORACLE))
import loop  # noqa: E402
import paths  # noqa: E402
from networks import RESNET20, prunable  # noqa: E402
from passes import Values  # noqa: E402

# The oracle's gradients.py, under another name than the one beside this file.
specification = importlib.util.spec_from_file_location("oracle_gradients", ORACLE / "gradients.py")
oracle_gradients = importlib.util.module_from_spec(specification)
specification.loader.exec_module(oracle_gradients)


def problem():
    """The oracle's ResNet-20, eight images, and a mask that keeps two weights of three."""
    state = loop.make_state(RESNET20, 7)
    batch = loop.make_batches(RESNET20, [8], 7)[0]
    model = CifarResNet().double()
    model.load_state_dict(state, strict=False)
    generator = torch.Generator().manual_seed(7)
    mask = {}
    for name, layer in zip(prunable(RESNET20), masked_layers(model)):
        mask[name] = (torch.rand(layer.weight.shape, generator=generator) < 0.67).double()
        layer.weight_mask.copy_(mask[name])
    return state, mask, model, batch


def same(name, found, expected, mask, tolerance=1e-9):
    """Proportional, with one factor for all layers, where weights are kept."""
    kept = torch.cat([m.flatten() for m in mask.values()]) > 0
    a = torch.cat([s.detach().flatten() for s in found])[kept]
    b = torch.cat([s.detach().flatten() for s in expected])[kept]
    a, b = a / a.abs().sum(), b / b.abs().sum()
    error = ((a - b).abs().max() / b.abs().max()).item()
    assert error < tolerance, f"{name}: relative error {error:.1e}"
    print(f"{name:<12} {error:.1e}")


def cross_entropy(state, mask, batch):
    """The oracle's loss as a function of the masked weights, batch statistics."""
    return lambda theta: F.cross_entropy(RESNET20.run(Values(theta, state, "batch"), batch[0]), batch[1])


def check_px():
    state, mask, model, batch = problem()
    for statistics, score in (("running", px.px_running), ("batch", px.px_batch)):
        expected, _ = paths.px_decoupled(statistics, "squared")(RESNET20, state, mask, [batch])
        same(f"PX {statistics}", score(model, batch), expected.values(), mask)


def check_released():
    """g = f, h(theta^2) on x with batch statistics and no activation: the oracle's own f with identities for ReLUs."""
    state, mask, model, batch = problem()

    class Identities(Values):
        def relu(self, name, x):
            return x

    theta = loop.masked(state, mask)
    theta2 = paths.squares(theta)
    with torch.no_grad():
        f = RESNET20.run(Values(theta, state, "batch"), batch[0])
    (f * RESNET20.run(Identities(theta2, state, "batch"), batch[0])).sum().backward()
    expected = [theta2[name].grad.abs() * theta[name].abs() ** 5 for name in mask]
    same("PX released", px.px_released(model, batch), expected, mask, 1e-6)


def check_flow():
    state, mask, model, batch = problem()
    same("SynFlow-L2", flow.synflow_l2(model, batch), paths.synflow_l2("squared")(RESNET20, state, mask, [batch])[0].values(), mask)

    positive = {name: value.abs() for name, value in state.items()}
    ones = torch.ones((1, 3, 32, 32), dtype=torch.float64)
    theta = {name: value.requires_grad_() for name, value in loop.masked(positive, mask).items()}
    RESNET20.run(Values(theta, positive, "running"), ones).sum().backward()
    same("SynFlow", flow.synflow(model, batch), [theta[name] * theta[name].grad for name in mask], mask)

    class NoNorms(Values):
        def norm(self, name, x):
            return x

    theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
    RESNET20.run(NoNorms(theta, positive, "running"), ones).sum().backward()
    same("LogSynFlow", flow.log_synflow(model, batch), [theta[name] * torch.log(theta[name].grad + 1) for name in mask], mask)


def check_gradients():
    state, mask, model, batch = problem()
    expected = list(oracle_gradients.snip("batch")(RESNET20, state, mask, [batch])[0].values())
    same("SNIP", gradients.snip(model, batch), expected, mask)
    same("IterSNIP", gradients.iter_snip(model, batch), expected, mask)
    same("FORCE", gradients.force(model, batch), expected, mask)


def check_grasp():
    """H g by a central difference of the gradient along g, so short that no ReLU changes its mind."""
    state, mask, model, batch = problem()
    tempered = lambda theta: F.cross_entropy(RESNET20.run(Values(theta, state, "batch"), batch[0]) / gradients.TEMPERATURE, batch[1])

    def gradient(theta):
        leaves = {name: value.detach().requires_grad_() for name, value in theta.items()}
        tempered(leaves).backward()
        return {name: leaf.grad * mask[name] for name, leaf in leaves.items()}

    theta = loop.masked(state, mask)
    g = gradient(theta)
    step = 1e-8 / max(value.abs().max().item() for value in g.values())
    up, down = (gradient({name: theta[name] + sign * step * g[name] for name in theta}) for sign in (1, -1))
    expected = [theta[name] * (up[name] - down[name]) / (2 * step) for name in mask]
    same("GraSP", gradients.grasp(model, batch), expected, mask, 1e-3)


def check_ntk_sap():
    """The derivative of J by a few entries of the mask, by central differences with the same draws."""
    _, _, model, batch = problem()

    def scores(delta):
        torch.manual_seed(1)
        with torch.no_grad():
            masked_layers(model)[3].weight_mask[0, 0, 0, 0] = 1 + delta
        return ntk.mask_scores(model, batch[0])

    def objective(delta):
        torch.manual_seed(1)
        with torch.no_grad():
            masked_layers(model)[3].weight_mask[0, 0, 0, 0] = 1 + delta
            return (model(batch[0]) - ntk.perturbed(model)(batch[0])).square().sum().item()

    found = scores(0)[3][0, 0, 0, 0].item()
    expected = abs(objective(1e-6) - objective(-1e-6)) / 2e-6
    assert abs(found - expected) < 1e-3 * expected, f"NTK-SAP: {found} instead of {expected}"
    print(f"{'NTK-SAP':<12} {abs(found / expected - 1):.1e}")


def check_prospr():
    _, _, model, batch = problem()
    masks = [torch.ones_like(layer.weight) for layer in masked_layers(model)]

    def objective(delta):
        moved = [mask.clone() for mask in masks]
        moved[3][0, 0, 0, 0] += delta
        return meta.loss_after_steps(model, batch, [mask.requires_grad_() for mask in moved]).item()

    model.layer1[1].conv1.weight_mask.fill_(1)
    found = meta.prospr(model, batch)[3][0, 0, 0, 0].item()
    expected = abs(objective(1e-6) - objective(-1e-6)) / 2e-6
    assert abs(found - expected) < 1e-3 * expected, f"ProsPR: {found} instead of {expected}"
    print(f"{'ProsPR':<12} {abs(found / expected - 1):.1e}")


def check_phew():
    """Enough weights, no more than a walk too many, and every input and output touched."""
    _, _, model, _ = problem()
    walks = phew.Walks(model.float())
    walks.run(2000)
    assert 2000 <= walks.kept() < 2000 + len(masked_layers(model)), f"PHEW kept {walks.kept()}"
    assert walks.masks[model.conv1].any(axis=(0, 2)).all() and walks.masks[model.linear].any(axis=(1, 2)).all()
    print(f"{'PHEW':<12} kept {int(walks.kept())}")


def check_left_as_found():
    """What must survive a round: SynFlow's signs and px_batch's running statistics."""
    _, _, model, batch = problem()
    before = {name: value.clone() for name, value in model.state_dict().items() if not name.endswith("tracked")}
    flow.synflow(model, batch)
    px.px_batch(model, batch)
    assert len(norm_layers(model)) == 21
    for name, value in before.items():
        assert torch.equal(model.state_dict()[name], value), f"{name} changed"


torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
for check in (check_px, check_released, check_flow, check_gradients, check_grasp, check_ntk_sap, check_prospr, check_phew, check_left_as_found):
    check()
