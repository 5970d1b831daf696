"""The oracle's own laws: what the theory says must hold, checked before a golden value is trusted. Run it; it asserts."""
import sys

import torch

import gradients
import loop
import paths
from networks import ENCODER_DECODER, NORM_FREE, PLAIN, RESNET20, prunable
from passes import PathActivity, PathValue, Values

SEED = 1


def problem(network, count):
    return loop.make_state(network, SEED), loop.make_batches(network, [count], SEED)


def close(a, b, tolerance, what):
    error = abs(a - b) / max(abs(a), abs(b))
    assert error <= tolerance, f"{what}: {a!r} is not {b!r} (relative error {error:.1e})"
    return error


def check_conservation():
    """Every layer of a network in series carries all of R."""
    for network in (PLAIN, NORM_FREE):
        state, batches = problem(network, 20)
        for statistics in ("running", "batch"):
            for criterion in (paths.px_decoupled(statistics, "squared"), paths.px_joint(statistics, "squared")):
                for _, _, scores, facts, _ in loop.prune(criterion, network, state, batches, 0.98, 10):
                    for name, s in scores.items():
                        assert (s >= 0).all()
                        close(s.sum().item(), facts["R"], 1e-12, f"{network.name} {name}")
    state, batches = problem(RESNET20, 4)
    scores, facts = paths.px_decoupled("batch", "squared")(RESNET20, state, loop.full_mask(RESNET20, state), batches)
    for name in ("conv1.weight", "linear.weight"):
        close(scores[name].sum().item(), facts["R"], 1e-12, f"resnet20 {name}")


def check_synflow():
    """Round 1 on a fresh norm layer and an unpruned classifier: Eq. 9 is SynFlow-L2 times a constant."""
    for network in (PLAIN, RESNET20):
        state, batches = problem(network, 4)
        for name in state:
            if name.endswith("running_var"):
                prefix = name[:-len("running_var")]
                state[name].fill_(1), state[prefix + "running_mean"].fill_(0)
                state[prefix + "weight"].fill_(1), state[prefix + "bias"].fill_(0)
        mask = loop.full_mask(network, state)
        px, _ = paths.px_decoupled("running", "squared")(network, state, mask, batches)
        flow, _ = paths.synflow_l2("squared")(network, state, mask, batches)
        ratio = torch.cat([(px[n] / flow[n]).flatten() for n in px])
        spread = ((ratio.max() - ratio.min()) / ratio.mean()).item()
        assert spread < 1e-12, spread
        print(f"  {network.name}: ratio constant to {spread:.1e}")


def check_single_ones_sample():
    """G first, then one ones-sample through h: the same scores as the whole batch."""
    for network, statistics in ((PLAIN, "running"), (PLAIN, "batch"), (NORM_FREE, "running"), (RESNET20, "batch")):
        state, batches = problem(network, 5)
        mask = next(loop.prune(paths.px_decoupled(statistics, "squared"), network, state, batches, 0.5, 1))[-1]
        scores, facts = paths.px_decoupled(statistics, "squared")(network, state, mask, batches)
        theta = loop.masked(state, mask)
        theta2 = paths.squares(theta)
        f = Values(theta, state, statistics)
        network.run(f, batches[0][0])
        G = network.run(PathActivity(mask, f), batches[0][0] ** 2).sum(0)
        h = network.run(PathValue(theta2, state, f.variance), torch.ones((1, *network.input_shape), dtype=torch.float64))[0]
        (G * h).sum().backward()
        single = paths.weighted(theta, theta2, "squared")
        error = max(((single[n] - scores[n]).abs().max() / scores[n].max()).item() for n in scores)
        assert error < 1e-12, error
        print(f"  {network.name} {statistics}: {error:.1e}")


def check_finite_differences():
    """dR/dtheta^2 and dL/dtheta against central differences of the objective, weight by weight."""
    for network in (PLAIN, NORM_FREE):
        state, batches = problem(network, 6)
        mask = loop.full_mask(network, state)
        for label, criterion, value, factor in (
                ("decoupled", paths.px_decoupled("running", "squared"), lambda facts: facts["R"], 0.5),
                ("joint", paths.px_joint("running", "squared"), lambda facts: facts["R"], 0.5),
                ("snip", gradients.snip("batch"), lambda facts: sum(facts["losses"]), 1.0)):
            scores, _ = criterion(network, state, mask, batches)
            for name in prunable(network):
                flat = state[name].view(-1)
                index = int(scores[name].flatten().argmax())
                kept = flat[index].item()
                sides = []
                step = 1e-6 * abs(kept)
                for sign in (1, -1):
                    flat[index] = kept + sign * step
                    sides.append(value(criterion(network, state, mask, batches)[1]))
                flat[index] = kept
                # theta^2 dR/dtheta^2 = theta/2 dR/dtheta; SNIP is |theta dL/dtheta|.
                estimate = factor * abs(kept * (sides[0] - sides[1]) / (2 * step))
                close(scores[name].flatten()[index].item(), estimate, 1e-5, f"{network.name} {label} {name}")


def check_against_torch_modules():
    """The interpreter's f, and SNIP through it, against torch.nn's own layers."""
    import torch.nn as nn
    network = PLAIN
    state, batches = problem(network, 6)
    mask = loop.full_mask(network, state)
    layers = nn.Sequential()
    for name, module in (("conv1", nn.Conv2d(3, 8, 3, padding=1)), ("bn1", nn.BatchNorm2d(8)), ("relu1", nn.ReLU()), ("pool", nn.MaxPool2d(3, 2, 1)),
                         ("conv2", nn.Conv2d(8, 12, 3, stride=2, padding=1)), ("bn2", nn.BatchNorm2d(12)), ("relu2", nn.ReLU()),
                         ("conv3", nn.Conv2d(12, 16, 3, padding=1)), ("bn3", nn.BatchNorm2d(16)), ("relu3", nn.ReLU()),
                         ("avg", nn.AvgPool2d(2, 1)), ("flat", nn.Flatten()), ("fc", nn.Linear(64, 10))):
        layers.add_module(name, module)
    layers.double()
    for statistics, training in (("batch", True), ("running", False)):
        layers.load_state_dict(state, strict=False)  # again: a pass in train mode moves the running statistics
        layers.train(training).zero_grad()
        x, target = batches[0]
        loss = torch.nn.functional.cross_entropy(layers(x), target)
        loss.backward()
        scores, facts = gradients.snip(statistics)(network, state, mask, batches)
        close(loss.item(), facts["losses"][0], 1e-12, "loss")
        for name, parameter in layers.named_parameters():
            if name in scores:
                expected = (parameter * parameter.grad).abs()
                error = ((expected - scores[name]).abs().max() / expected.max()).item()
                assert error < 1e-10, (name, error)


def check_synflow_conserves():
    """Every layer of a network in series carries all of R, at every mask; behind a concatenation the first and the last layer do."""
    for network in (PLAIN, NORM_FREE, ENCODER_DECODER):
        state, batches = problem(network, 2)
        for criterion in (paths.synflow, paths.synflow_l2("squared")):
            for _, _, scores, facts, _ in loop.prune(criterion, network, state, batches, 0.98, 10):
                for name in (["stem.weight", "head.weight"] if network is ENCODER_DECODER else scores):
                    assert (scores[name] >= 0).all()
                    close(scores[name].sum().item(), facts["R"], 1e-12, f"{network.name} {name}")


def check_itersnip():
    """Its first round is SNIP; and SNIP does not depend on how many batches hold equally many samples each, but for the factor."""
    state, batches = problem(NORM_FREE, 12)
    mask = loop.full_mask(NORM_FREE, state)
    whole, _ = gradients.snip("running")(NORM_FREE, state, mask, batches)
    halves, _ = gradients.snip("running")(NORM_FREE, state, mask, loop.make_batches(NORM_FREE, [6, 6], SEED))
    assert max((2 * whole[n] - halves[n]).abs().max().item() / halves[n].max().item() for n in whole) < 1e-12
    first = next(loop.prune(gradients.force("batch"), PLAIN, *problem(PLAIN, 6), 0.9, 10, revives=True))[2]
    snip = next(loop.prune(gradients.snip("batch"), PLAIN, *problem(PLAIN, 6), 0.9, 10))[2]
    assert all(torch.allclose(first[n], snip[n], rtol=1e-12, atol=0) for n in snip), "FORCE starts as SNIP"


def check_truncated_count():
    """What the public codes of SynFlow, NTK-SAP and PX keep, whose masks are score > the k-th smallest with k = int((1 - d) N)."""
    scores = torch.arange(2000, dtype=torch.float64).flip(0) ** 1.1
    for n in range(1, 300):
        for t in range(1, 11):
            d = 0.02 ** (t / 10)
            k = int((1.0 - d) * n)
            kept = n if k < 1 else int((scores[:n] > scores[:n].kthvalue(k).values).sum())
            assert loop.keep_count(d, n, "truncated") == kept
            assert kept - loop.keep_count(d, n) in (0, 1)


def main():
    torch.set_num_threads(1)
    for check in (check_conservation, check_synflow, check_synflow_conserves, check_single_ones_sample, check_finite_differences,
                  check_against_torch_modules, check_itersnip, check_truncated_count):
        print(check.__name__)
        check()
    print("all laws hold")


if __name__ == "__main__":
    sys.exit(main())
