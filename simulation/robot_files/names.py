"""Names of Spot's joints in public robot files, and ours. Links need no table: they follow from the joints.

| ours | MuJoCo Menagerie | the maker's URDF | ROS packages |
|---|---|---|---|
| `sh0` ... `wr1`, `f1x` | `arm_sh0` | `arm0.sh0` | `arm_sh0`, `arm0.sh0` |
| `fl_hx`, `fl_hy`, `fl_kn` | `fl_hx` | `fl.hx` | `front_left_hip_x`, `front_left_hip_y`, `front_left_knee` |
| `hr_hx` | `hr_hx` | `hr.hx` | `rear_right_hip_x` |

`.` and `_` are the same, and a ROS namespace (`spot/`) is ignored. Nothing else is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from perception.base.errors import ConfigError
from simulation.robot_files.spot_model import ARM_JOINTS, BASE_JOINTS, JAW_JOINT, LEG_JOINTS

_ARM = re.compile(rf"(?:arm0?_)?({'|'.join((*ARM_JOINTS, JAW_JOINT))})")
_LEG = re.compile(r"(front|rear)_(left|right)_(hip_x|hip_y|knee)")
_LEG_PART = {"hip_x": "hx", "hip_y": "hy", "knee": "kn"}
_REQUIRED = (*LEG_JOINTS, *ARM_JOINTS, JAW_JOINT)


def our_joint(name: str) -> str | None:
    """Our name of a joint with this name in a robot file; None if it is no joint of Spot."""
    plain = name.rsplit("/", 1)[-1].replace(".", "_")
    if plain in BASE_JOINTS or plain in LEG_JOINTS:
        return plain
    if arm := _ARM.fullmatch(plain):
        return arm[1]
    if leg := _LEG.fullmatch(plain):
        return f"{'f' if leg[1] == 'front' else 'h'}{leg[2][0]}_{_LEG_PART[leg[3]]}"
    return None


def map_joints(path: Path, names: Sequence[str]) -> dict[str, str]:
    """Our joint name for each moving joint of the file. The six base joints are all present or all absent.

    ConfigError, naming file and joints, if a joint is missing, appears twice, or is not one of Spot.
    """
    ours: dict[str, str] = {}
    for name in names:
        if (our := our_joint(name)) is None:
            continue
        if our in ours:
            raise ConfigError(f"{path}: joints {ours[our]!r} and {name!r} both mean {our}; take one of them out")
        ours[our] = name
    required = (*BASE_JOINTS, *_REQUIRED) if any(name in ours for name in BASE_JOINTS) else _REQUIRED
    missing = [name for name in required if name not in ours]
    if missing:
        raise ConfigError(
            f"{path}: has no joint named {', '.join(missing)}; found: {', '.join(filter(None, names)) or 'none'}. "
            f"The names that are understood are listed in docs/install.md"
        )
    extra = [name or "(without a name)" for name in names if our_joint(name) is None]
    if extra:
        raise ConfigError(f"{path}: joints that nothing drives: {', '.join(extra)}; make them fixed or take them out")
    return {name: our for our, name in ours.items()}
