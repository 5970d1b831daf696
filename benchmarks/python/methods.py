"""Every method by the name that the comparison calls it."""
import baselines
import flow
import gradients
import meta
import ntk
import px
from harness import by_scores
from phew import phew

METHODS = {
    "PX": by_scores(px.px_batch),
    "PX-running": by_scores(px.px_running),
    "PX-released": by_scores(px.px_released),
    "SynFlow": by_scores(flow.synflow),
    "SynFlow-L2": by_scores(flow.synflow_l2),
    "LogSynFlow": by_scores(flow.log_synflow),
    "SNIP": by_scores(gradients.snip),
    "IterSNIP": by_scores(gradients.iter_snip),
    "FORCE": by_scores(gradients.force),
    "GraSP": by_scores(gradients.grasp),
    "NTK-SAP": by_scores(ntk.ntk_sap),
    "ProsPR": by_scores(meta.prospr),
    "PHEW": phew,
    "Random": by_scores(baselines.random),
    "Magnitude": by_scores(baselines.magnitude),
}
