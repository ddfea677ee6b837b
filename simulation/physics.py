"""How Genesis is started and solved here: one place, so that kernels are compiled once for all programs."""

from __future__ import annotations

import contextlib
import os
import warnings
from typing import Any

TIME_STEP_S = 0.005
NO_ANISOTROPY = "-GL_EXT_texture_filter_anisotropic"
"""Mesa's software renderer filters a texture seen at a grazing angle by summing its footprint texel by texel: from some
places of the hand camera, the floor's footprint is so large that a picture never ends. Genesis asks for that filter
wherever it is offered, and goes without where it is not."""


def init_genesis() -> None:
    """Start Genesis on the CPU, quietly; if it runs already, start it afresh.

    Its seed is always the same: compiled kernels are cached by it, so another seed would compile all of them again,
    and nothing here draws from Genesis' generator.
    """
    warnings.filterwarnings("ignore", category=SyntaxWarning)
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    os.environ.setdefault("MESA_EXTENSION_OVERRIDE", NO_ANISOTROPY)
    import genesis as gs

    if getattr(gs, "_initialized", False):
        gs.destroy()
    gs.init(backend=gs.cpu, precision="32", logging_level="error", seed=0)
    with contextlib.suppress(ImportError):
        import coacd

        coacd.set_log_level("error")


def rigid_options() -> Any:
    """Elliptic friction cones: a bottle held at 3 N·m then creeps by less than a millimetre in seconds."""
    import genesis as gs

    return gs.options.RigidOptions(dt=TIME_STEP_S, friction_cone=gs.friction_cone.elliptic, enable_self_collision=False)
