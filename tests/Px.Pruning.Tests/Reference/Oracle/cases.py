"""What golden.py scores: network, batches, method; where rounding would decide, another seed or sparsity."""
from collections import namedtuple

import gradients
import ntk_sap
import paths
import wide_topo
from networks import ENCODER_DECODER, NORM_FREE, PLAIN, RESNET20, VGG16

# variant: the words in the file's name; make: seed -> criterion; revives: a pruned weight is ranked again.
Method = namedtuple("Method", "name variant settings make revives", defaults=(False,))
# counting: how a density becomes a number of weights, see loop.keep_count.
Case = namedtuple("Case", "network batches method seed sparsity counting", defaults=(1, 0.98, "rounded"))


def px(objective, statistics, weighting="squared"):
    criterion = {"decoupled": paths.px_decoupled, "joint": paths.px_joint}[objective](statistics, weighting)
    settings = {"objective": objective, "norm_statistics": statistics, "weighting": weighting}
    return Method("px", [objective, statistics] + [weighting] * (weighting != "squared"), settings, lambda seed: criterion)


def synflow_l2(weighting="squared"):
    criterion, words = paths.synflow_l2(weighting), [weighting] * (weighting != "squared")
    return Method("synflow-l2", words, {"weighting": weighting} if words else {}, lambda seed: criterion)


def snip(statistics, name="snip"):
    return Method(name, [statistics], {"norm_statistics": statistics}, lambda seed: gradients.snip(statistics))


def itersnip(statistics):
    return snip(statistics, "itersnip")


def force(statistics):
    return Method("force", [statistics], {"norm_statistics": statistics}, lambda seed: gradients.force(statistics), True)


def grasp(statistics, temperature=200.0):
    settings = {"norm_statistics": statistics, "temperature": str(temperature)}
    return Method("grasp", [statistics] + ["cold"] * (temperature == 1), settings, lambda seed: gradients.grasp(statistics, temperature))


def prospr(statistics, momentum=0.0, first_order=False, steps=3, learning_rate=0.1):
    settings = {"norm_statistics": statistics, "steps": str(steps), "learning_rate": str(learning_rate), "momentum": str(momentum),
                "first_order": str(first_order).lower()}
    words = [statistics] + ["momentum"] * (momentum > 0) + ["first-order"] * first_order
    return Method("prospr", words, settings, lambda seed: gradients.prospr(statistics, steps, learning_rate, momentum, first_order))


def ntk(repeats=1, epsilon=0.01):
    settings = {"epsilon": str(epsilon), "repeats": str(repeats)}
    return Method("ntk-sap", ["repeated"] * (repeats > 1), settings, lambda seed: ntk_sap.ntk_sap(seed, epsilon, repeats))


def widetopo(restorations=0, ntk_weight=0.01, alignment_weight=1.0, epsilon=0.0005, density_decay=0.2):
    settings = {"ntk_weight": str(ntk_weight), "alignment_weight": str(alignment_weight), "perturbation": str(epsilon),
                "density_decay": str(density_decay), "restorations": str(restorations)}
    words = ["trace"] * (alignment_weight == 0) + ["alignment"] * (ntk_weight == 0) + ["restored"] * (restorations > 0)
    return Method("widetopo", words, settings, lambda seed: wide_topo.wide_topo(seed, ntk_weight, alignment_weight, epsilon, density_decay))


SYNFLOW = Method("synflow", [], {}, lambda seed: paths.synflow)
LOGSYNFLOW = Method("logsynflow", [], {}, lambda seed: paths.logsynflow)
PX_RELEASED = Method("px-released", [], {}, lambda seed: paths.px_released)
MAGNITUDE = Method("magnitude", [], {}, lambda seed: gradients.magnitude)
IMP = Method("imp", [], {"steps": "3", "learning_rate": "0.05"}, lambda seed: gradients.imp(3, 0.05))

CASES = [
    Case(PLAIN, [20], px("decoupled", "running")),
    Case(PLAIN, [20], px("decoupled", "batch")),
    Case(PLAIN, [12, 8], px("decoupled", "batch")),
    Case(PLAIN, [20], px("decoupled", "batch", "absolute")),
    Case(PLAIN, [20], px("joint", "running")),
    Case(PLAIN, [20], px("joint", "batch")),
    Case(PLAIN, [20], px("joint", "running", "absolute")),
    Case(PLAIN, [12, 8], PX_RELEASED),
    Case(PLAIN, [20], SYNFLOW),
    Case(PLAIN, [20], synflow_l2()),
    Case(PLAIN, [20], synflow_l2("absolute")),
    Case(PLAIN, [20], LOGSYNFLOW),
    Case(PLAIN, [20], snip("batch")),
    Case(PLAIN, [12, 8], snip("batch")),
    Case(PLAIN, [20], snip("running")),
    Case(PLAIN, [12, 8], itersnip("batch")),
    Case(PLAIN, [12, 8], force("batch"), sparsity=0.9),
    Case(PLAIN, [20], grasp("batch"), sparsity=0.5),
    Case(PLAIN, [12, 8], grasp("batch"), sparsity=0.5),
    Case(PLAIN, [20], grasp("running"), sparsity=0.25),
    Case(PLAIN, [20], grasp("running", 1.0), sparsity=0.25),
    Case(PLAIN, [20], prospr("batch")),
    Case(PLAIN, [12, 8], prospr("batch", 0.9)),
    Case(PLAIN, [12, 8], prospr("batch", 0.9, True)),
    Case(PLAIN, [20], prospr("running")),
    Case(PLAIN, [20], ntk()),
    Case(PLAIN, [12, 8], ntk(2), seed=3),
    Case(PLAIN, [20], MAGNITUDE),
    Case(PLAIN, [12, 8], IMP, sparsity=0.8),
    Case(NORM_FREE, [20], px("decoupled", "running")),
    Case(NORM_FREE, [20], px("joint", "running")),
    Case(NORM_FREE, [20], px("joint", "running", "absolute")),
    Case(NORM_FREE, [20], PX_RELEASED),
    Case(NORM_FREE, [20], SYNFLOW),
    Case(NORM_FREE, [12, 8], snip("batch")),
    Case(NORM_FREE, [12, 8], force("batch")),
    Case(NORM_FREE, [12, 8], grasp("batch"), sparsity=0.25),
    Case(NORM_FREE, [12, 8], prospr("batch", 0.9), seed=2),
    Case(NORM_FREE, [20], ntk()),
    Case(NORM_FREE, [20], MAGNITUDE),
    Case(NORM_FREE, [20], IMP, sparsity=0.8),
    Case(RESNET20, [10], px("decoupled", "running")),
    Case(RESNET20, [10], px("decoupled", "batch")),
    Case(RESNET20, [2], px("joint", "running"), seed=2),
    Case(RESNET20, [2], px("joint", "batch"), seed=8),
    Case(RESNET20, [3], PX_RELEASED),
    Case(RESNET20, [10], SYNFLOW),
    Case(RESNET20, [10], synflow_l2()),
    Case(RESNET20, [10], LOGSYNFLOW, sparsity=0.9),
    Case(RESNET20, [3], snip("batch"), seed=39),
    Case(RESNET20, [1, 1], itersnip("batch"), seed=11),
    Case(RESNET20, [2], force("batch"), seed=3, sparsity=0.9),
    Case(RESNET20, [2], grasp("batch"), seed=2, sparsity=0.25),
    Case(RESNET20, [1, 1], prospr("batch", steps=2, learning_rate=0.01), seed=3),
    Case(RESNET20, [1], ntk()),
    Case(RESNET20, [10], MAGNITUDE),
    Case(VGG16, [4], px("decoupled", "running")),
    Case(VGG16, [4], px("decoupled", "batch")),
    Case(VGG16, [4], PX_RELEASED),
    Case(VGG16, [4], SYNFLOW),
    Case(VGG16, [4], synflow_l2()),
    Case(VGG16, [4], LOGSYNFLOW, sparsity=0.9),
    Case(VGG16, [2], snip("batch")),
    Case(VGG16, [1, 1], itersnip("batch")),
    Case(VGG16, [2], force("batch"), sparsity=0.9),
    Case(VGG16, [2], grasp("batch"), sparsity=0.5),
    Case(VGG16, [1, 1], prospr("batch", steps=1, learning_rate=0.0001)),
    Case(VGG16, [1], ntk()),
    Case(VGG16, [4], MAGNITUDE),
    Case(ENCODER_DECODER, [6], px("decoupled", "running")),
    Case(ENCODER_DECODER, [4, 2], px("decoupled", "batch")),
    Case(ENCODER_DECODER, [6], px("joint", "batch")),
    Case(ENCODER_DECODER, [6], PX_RELEASED, sparsity=0.9),
    Case(ENCODER_DECODER, [6], SYNFLOW),
    Case(ENCODER_DECODER, [6], synflow_l2()),
    Case(ENCODER_DECODER, [6], LOGSYNFLOW, sparsity=0.9),
    Case(ENCODER_DECODER, [6], snip("batch"), sparsity=0.9),
    Case(ENCODER_DECODER, [4, 2], itersnip("batch"), sparsity=0.9),
    Case(ENCODER_DECODER, [4, 2], force("batch"), sparsity=0.9),
    Case(ENCODER_DECODER, [4, 2], grasp("batch"), sparsity=0.5),
    Case(ENCODER_DECODER, [4, 2], prospr("batch"), seed=3, sparsity=0.9),
    Case(ENCODER_DECODER, [4, 2], ntk(), sparsity=0.9),
    Case(ENCODER_DECODER, [6], MAGNITUDE),
    Case(PLAIN, [20], SYNFLOW, counting="truncated"),
    Case(PLAIN, [12, 8], PX_RELEASED, counting="truncated"),
    Case(PLAIN, [20], ntk(), counting="truncated"),
    Case(RESNET20, [10], SYNFLOW, counting="truncated"),
    Case(RESNET20, [3], PX_RELEASED, counting="truncated"),
    Case(RESNET20, [1], ntk(), seed=2, counting="truncated"),
    Case(PLAIN, [12, 8], widetopo()),
    Case(PLAIN, [12, 8], widetopo(restorations=2), sparsity=0.9),
    Case(PLAIN, [20], widetopo(alignment_weight=0.0)),
    Case(PLAIN, [20], widetopo(ntk_weight=0.0)),
    Case(NORM_FREE, [20], widetopo()),
    Case(RESNET20, [2], widetopo()),
    Case(ENCODER_DECODER, [4, 2], widetopo(), sparsity=0.9),
]
