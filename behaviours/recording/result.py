"""The result of a run: the value behind result.json, the `--json` line and the summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

Status = Literal["success", "failure", "interrupted", "error"]
JUDGED: Final = (
    "object_lift_m", "held_s", "peak_gripper_torque_nm", "placed_upright", "placed_distance_m", "objects_placed",
    "objects_there", "objects_lifted", "sim_s",
)  # fmt: skip


@dataclass
class Result:
    """The result of one run, filled in as the run goes on.

    Fields that only the simulator's ground truth can fill are None without it. They judge the run; no leaf sees them.

    status: success, failure, interrupted or error; "error" until something better is known. attempts: grasp
    attempts begun. object_lift_m: height of the object above where it stood, metres. held_s: seconds it has been
    lifted without a break. peak_gripper_torque_nm: highest torque of the jaw. placed_upright: the object stands on
    the place. placed_distance_m: its distance from the middle of the place. objects_placed: number of objects that
    stand on the place. objects_there: of those over the place, however they lie. objects_lifted: of those lifted at
    the end. sim_s: seconds on the robot's clock. wall_s: seconds from the command to here. run: the run folder.
    reason: the path and message of the node that failed; empty for a success. reports: texts of the Report leaves,
    in order. seed: seed of scene and noise. tree: name of the tree. robot: name of the robot. exit_code: of the
    command, None for a run that no command waits for.
    """

    status: Status = "error"
    attempts: int = 0
    object_lift_m: float | None = None
    held_s: float | None = None
    peak_gripper_torque_nm: float | None = None
    placed_upright: bool | None = None
    placed_distance_m: float | None = None
    objects_placed: int | None = None
    objects_there: int | None = None
    objects_lifted: int | None = None
    sim_s: float | None = None
    wall_s: float = 0.0
    run: str = ""
    reason: str = ""
    reports: list[str] = field(default_factory=list)
    seed: int = 0
    tree: str = ""
    robot: str = ""
    exit_code: int | None = None

    def judge(self, truth: Mapping[str, float]) -> None:
        """Take over the ground truth of a judge outside the tree."""
        for name in JUDGED:
            if name in truth:
                value = truth[name]
                setattr(self, name, value + 0.0 if isinstance(value, float) else value)  # -0.0 reads badly

    def fail(self, error: BaseException) -> None:
        """An error has ended the run, or KeyboardInterrupt."""
        if isinstance(error, KeyboardInterrupt):
            self.status = "interrupted"
            return
        self.status, self.reason = "error", " ".join(str(error).split()) or type(error).__name__

    def close(self, interrupted_by: str | None, wall_s: float) -> None:
        """Settle status and reason; `interrupted_by` is the name of a signal that came, or None."""
        self.wall_s = round(wall_s, 3)
        if interrupted_by is not None:
            self.status, self.reason = "interrupted", f"interrupted by {interrupted_by}"
        elif self.status == "interrupted":
            self.reason = self.reason or "interrupted"

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def summary(result: Result, place: Path) -> str:
    """A few lines for people, with the paths of the run's files."""
    words = [f"{result.attempts} attempt{'s' * (result.attempts != 1)}"]
    if result.objects_placed:  # the lift of a placed object tells nothing
        words.append(f"{result.objects_placed} object{'s' * (result.objects_placed != 1)} placed")
    elif result.object_lift_m is not None and result.object_lift_m < -0.005:
        words.append(f"object {-result.object_lift_m:.3f} m lower than it stood")
    elif result.object_lift_m is not None:
        words.append(f"object lifted {result.object_lift_m:.3f} m")
        words += [] if result.held_s is None else [f"held {result.held_s:.1f} s"]
    if result.peak_gripper_torque_nm is not None:
        words.append(f"at most {result.peak_gripper_torque_nm:.2f} N·m")
    if result.placed_distance_m is not None:
        stands = "stands upright" if result.placed_upright else "does not stand"
        words.append(f"the target {stands} {result.placed_distance_m:.2f} m from the middle of the place")
    if result.sim_s is not None:
        words.append(f"{result.sim_s:.1f} s on the robot")
    words.append(f"{result.wall_s:.1f} s wall")
    lines = [f"{result.status}: {', '.join(words)}"]
    if result.reason:
        lines.append(f"  reason    {result.reason}")
    lines += [f"  report    {words}" for words in result.reports]
    lines.append(f"  run       {place}")
    if (place / "video.mp4").is_file():
        lines.append(f"  video     {place / 'video.mp4'}")
    lines += [f"  heatmap   {file}" for file in sorted((place / "heatmaps").glob("*.png"))]
    return "\n".join(lines) + "\n"
