"""Data sets, the training of the networks, their export to ONNX, and their evaluation."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.common.mapping import LocalMapper as LocalMapper, Mapper as Mapper, RayMapper as RayMapper
    from training.dataset.catalogue import Entry as Entry, catalogue as catalogue
    from training.dataset.generate import generate as generate
    from training.dataset.plan import Plan as Plan, plan_for as plan_for
    from training.dataset.verify import info as info, verify as verify
    from training.evaluation.grasp import Study as Study, evaluate as evaluate
    from training.evaluation.heatmap import evaluate_network as evaluate_network
else:
    from trees.lazy import lazy_exports

    __all__, __getattr__, __dir__ = lazy_exports(__name__, {
        "training.common.mapping": ("LocalMapper", "Mapper", "RayMapper"),
        "training.dataset.catalogue": ("Entry", "catalogue"),
        "training.dataset.generate": ("generate",),
        "training.dataset.plan": ("Plan", "plan_for"),
        "training.dataset.verify": ("info", "verify"),
        "training.evaluation.grasp": ("Study", "evaluate"),
        "training.evaluation.heatmap": ("evaluate_network",),
    })  # fmt: skip
