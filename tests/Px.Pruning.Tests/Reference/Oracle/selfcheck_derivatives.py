"""The methods that differentiate twice or through noise, against differences of plain evaluations. Run it; it asserts."""
import sys

import torch

import gradients
import loop
import ntk_sap
import paths
import wide_topo
from networks import ENCODER_DECODER, NORM_FREE, PLAIN, prunable
from passes import ReleasedPathValue, Values
from selfcheck import SEED, close

SPLIT = [4, 2]


def problem(network):
    state, batches = loop.make_state(network, SEED), loop.make_batches(network, SPLIT, SEED)
    mask = next(loop.prune(gradients.magnitude, network, state, batches, 0.3, 1))[-1]
    return state, batches, mask


def gradient(network, theta, state, statistics, batches, temperature):
    """The gradient of the mean loss over all samples, batch by batch."""
    samples = sum(len(x) for x, _ in batches)
    total = {name: torch.zeros_like(value) for name, value in theta.items()}
    for batch in batches:
        weights = gradients.leaves(theta)
        found = gradients.derivative(gradients.loss_of(network, weights, state, statistics, batch, temperature), weights)
        total = {name: total[name] + len(batch[0]) / samples * found[name] for name in total}
    return total


def check_grasp():
    """Hg is how the gradient changes along g: S against central differences, and sum S against theta^T H g alone."""
    for network in (PLAIN, NORM_FREE, ENCODER_DECODER):
        for statistics, temperature in (("batch", 200.0), ("running", 1.0)):
            state, batches, mask = problem(network)
            scores, _ = gradients.grasp(statistics, temperature)(network, state, mask, batches)
            theta = loop.masked(state, mask)
            g = {name: mask[name] * value for name, value in gradient(network, theta, state, statistics, batches, temperature).items()}
            step = 1e-7 / max(value.abs().max().item() for value in g.values())
            sides = [gradient(network, {n: theta[n] + sign * step * g[n] for n in g}, state, statistics, batches, temperature) for sign in (1, -1)]
            estimate = {n: theta[n] * (sides[0][n] - sides[1][n]) / (2 * step) for n in g}
            error = max((scores[n] - estimate[n]).abs().max().item() / scores[n].abs().max().item() for n in scores)
            assert error < 1e-5, (network.name, statistics, error)
            # theta^T H g is also the change of g^T grad L along theta.
            sides = [gradient(network, {n: theta[n] * (1 + sign * 1e-7) for n in g}, state, statistics, batches, temperature) for sign in (1, -1)]
            along = sum((g[n] * (sides[0][n] - sides[1][n])).sum().item() for n in g) / 2e-7
            size = sum(s.abs().sum().item() for s in scores.values())
            assert abs(sum(s.sum().item() for s in scores.values()) - along) < 1e-6 * size, (network.name, statistics)
            print(f"  {network.name} {statistics}: {error:.1e}")


def check_prospr():
    """theta dL_meta/dw_0 against differences of the loss after training, from w_0 with one alive weight moved."""
    for network, statistics, momentum in ((PLAIN, "batch", 0.9), (NORM_FREE, "running", 0.0), (ENCODER_DECODER, "batch", 0.9)):
        state, batches, mask = problem(network)
        criterion = gradients.prospr(statistics, 3, 0.1, momentum, False)
        scores, _ = criterion(network, state, mask, batches)
        differ(network, state, mask, scores, lambda: criterion(network, state, mask, batches)[1]["losses"][-1])
    # Without a step there is nothing to differentiate through: SNIP on the first batch, whatever the order.
    state, batches, mask = problem(PLAIN)
    snip, _ = gradients.snip("batch")(PLAIN, state, mask, batches[:1])
    for first_order in (False, True):
        scores, _ = gradients.prospr("batch", 0, 0.1, 0.9, first_order)(PLAIN, state, mask, batches)
        assert all(torch.allclose(scores[n], snip[n], rtol=1e-12, atol=0) for n in snip)
        still, _ = gradients.prospr("batch", 2, 0.0, 0.9, first_order)(PLAIN, state, mask, batches)
        assert all(torch.allclose(still[n], snip[n], rtol=1e-12, atol=1e-18) for n in snip), "a step of size 0 is no step"


def differ(network, state, mask, scores, value):
    """|theta dF/dtheta| of each layer's highest score against a central difference of F."""
    for name in prunable(network):
        flat = state[name].view(-1)
        index = int(scores[name].flatten().argmax())
        kept, step = flat[index].item(), 1e-6
        sides = []
        for sign in (1, -1):
            flat[index] = kept * (1 + sign * step)
            sides.append(value())
        flat[index] = kept
        assert mask[name].flatten()[index] == 1
        close(scores[name].flatten()[index].item(), abs(sides[0] - sides[1]) / (2 * step), 1e-4, f"{network.name} {name}")


def check_ntk_sap():
    """|dJ/dm| against differences of J, of which only the batches' constants do not move with m."""
    for network in (PLAIN, NORM_FREE, ENCODER_DECODER):
        state, batches, mask = problem(network)
        criterion = ntk_sap.ntk_sap(SEED, 0.01, 2)
        scores, _ = criterion(network, state, mask, batches, 3)
        constants = []
        for moved, weights in moves(network, mask, scores):
            sides = [objective(network, state, weights(sign), batches, constants, mask) for sign in (1, -1)]
            name, index = moved
            close(scores[name].flatten()[index].item(), abs(sides[0] - sides[1]) / 2e-6, 1e-4, f"{network.name} {name}")


def moves(network, mask, scores):
    for name in prunable(network):
        index = int(scores[name].flatten().argmax())

        def moved(sign, name=name, index=index):
            other = {n: m.clone() for n, m in mask.items()}
            other[name].view(-1)[index] += sign * 1e-6
            return other
        yield (name, index), moved


def objective(network, state, m, batches, constants, mask):
    """J of round 3 at the masks m, with the norm layers' constants of the unmoved mask."""
    total = 0.0
    for repeat in range(2):
        for b, (x, _) in enumerate(batches):
            weights, perturbation = ntk_sap.draws(network, SEED, 3, repeat, b, torch.float64)
            z = ntk_sap.uniform(f"input.{repeat}.{b}", x.shape, -3 ** 0.5, 3 ** 0.5, SEED + 3000)
            f = ntk_sap.RedrawnValues({n: weights[n] * mask[n] for n in m}, state)
            network.run(f, z)
            outputs = [network.run(ntk_sap.RedrawnValues({n: (weights[n] + e * perturbation[n]) * m[n] for n in m}, state, f), z) for e in (0.0, 0.01)]
            total += ((outputs[0] - outputs[1]) ** 2).sum().item()
    return total


def check_wide_topo():
    """|theta dt/dtheta| and |dA/dm| against differences of t and A, both from plain evaluations; without gates A is smooth."""
    for network in (PLAIN, NORM_FREE, ENCODER_DECODER):
        state, batches, mask = problem(network)
        x, epsilon = batches[0][0], 0.05
        constants = wide_topo.ConstantValues(loop.masked(state, mask), state)
        c = wide_topo.draw("c", network.run(constants, x).shape, SEED, 1)
        delta = {name: epsilon * wide_topo.draw(name, m.shape, SEED, 1) for name, m in mask.items()}
        delta_x = epsilon * wide_topo.draw("x", x.shape, SEED, 1)

        def f(m, x, move):
            return network.run(wide_topo.ConstantValues({n: (state[n] + move * delta[n]) * m[n] for n in m}, state, constants), x)

        def trace(m):
            theta = gradients.leaves({n: state[n] * m[n] for n in m})
            value = (c * network.run(wide_topo.ConstantValues(theta, state, constants), x)).sum()
            return sum(((mask[n] * g) ** 2).sum().item() for n, g in gradients.derivative(value, theta).items())

        def alignment(m):
            return ((f(m, x + delta_x, 1) - f(m, x, 1) - f(m, x + delta_x, 0) + f(m, x, 0)) ** 2).sum().item() / epsilon ** 2

        for scores, value in ((wide_topo.trace_scores(network, state, mask, x, constants, c), trace),
                              (wide_topo.alignment_scores(network, state, mask, x, constants, delta, delta_x, epsilon), alignment)):
            for (name, index), weights in moves(network, mask, scores):
                sides = [value(weights(sign)) for sign in (1, -1)]
                close(scores[name].flatten()[index].item(), abs(sides[0] - sides[1]) / 2e-6, 1e-4, f"{network.name} {name}")


def check_restoration():
    """Emptiest rows and columns first, counts exact, and nothing that is alive is lost."""
    state, _, mask = problem(PLAIN)
    score = wide_topo.restoration(SEED)
    scores = score(mask, 11, 1)
    for name, m in mask.items():
        o, i = (index.item() for index in (m == 0).nonzero()[0][:2])
        full = m.numel()
        expected = (1 - m[o].sum() / (full / m.shape[0])) * (1 - m[:, i].sum() / (full / m.shape[1]))
        assert abs(scores[name][o, i].flatten()[(m[o, i] == 0).flatten()][0] - expected) < 1e-4
    grown = loop.shrink(scores, loop.full_mask(PLAIN, state), int(sum(m.sum().item() for m in mask.values())) + 100)
    assert all((grown[name] >= m).all() for name, m in mask.items())
    assert sum((grown[name] - m).sum().item() for name, m in mask.items()) == 100


def check_training_statistics():
    """NTK-SAP's constants are what torch.nn.BatchNorm2d remembers at momentum 1."""
    x = torch.arange(48, dtype=torch.float64).view(3, 2, 2, 4) ** 1.5
    module = torch.nn.BatchNorm2d(2, momentum=1.0).double()
    f = ntk_sap.RedrawnValues({}, {})
    assert torch.allclose(module(x), f.norm("bn", x), rtol=1e-12, atol=1e-12)
    assert torch.allclose(module.running_mean, f.mean["bn"], rtol=1e-12) and torch.allclose(module.running_var, f.variance["bn"], rtol=1e-12)
    assert torch.allclose(module.eval()(x), ntk_sap.RedrawnValues({}, {}, f).norm("bn", x), rtol=1e-12, atol=1e-12)


def check_released():
    """theta^2 dR/dtheta^2 against differences of R = sum f h with f held, weight by weight."""
    for network in (PLAIN, NORM_FREE, ENCODER_DECODER):
        state, batches, mask = problem(network)
        scores, _ = paths.px_released(network, state, mask, batches)
        theta = loop.masked(state, mask)
        with torch.no_grad():
            f = [network.run(Values(theta, state, "batch"), x) for x, _ in batches]
        for name in prunable(network):
            index = int(scores[name].flatten().argmax())
            weight = theta[name].flatten()[index].item()
            sides = []
            for sign in (1, -1):
                theta2 = {n: value ** 2 for n, value in theta.items()}
                theta2[name].view(-1)[index] *= 1 + sign * 1e-6
                sides.append(sum((values * network.run(ReleasedPathValue(theta2, state), x)).sum().item() for values, (x, _) in zip(f, batches)))
            close(scores[name].flatten()[index].item(), abs(sides[0] - sides[1]) / 2e-6 * abs(weight) ** 3, 1e-4, f"{network.name} {name}")


def check_imp():
    """One step from the initial weights is plain gradient descent on the alive weights; none leaves the magnitude."""
    state, batches, mask = problem(PLAIN)
    theta = loop.masked(state, mask)
    g = gradient(PLAIN, theta, state, "running", batches, 1.0)
    scores, _ = gradients.imp(1, 0.05)(PLAIN, state, mask, batches)
    for name in theta:
        assert torch.allclose(scores[name], (theta[name] - 0.05 * mask[name] * g[name]).abs(), rtol=1e-10, atol=1e-12)
    none, _ = gradients.imp(0, 0.05)(PLAIN, state, mask, batches)
    assert all(torch.equal(none[name], theta[name].abs()) for name in theta)


def main():
    torch.set_num_threads(1)
    for check in (check_grasp, check_prospr, check_ntk_sap, check_wide_topo, check_restoration, check_training_statistics, check_released, check_imp):
        print(check.__name__)
        check()
    print("all laws hold")


if __name__ == "__main__":
    sys.exit(main())
