"""Leaves that look, find, and decide where to grip."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

import numpy as np
from py_trees.common import Status

from behaviours.leaves.base import DETECTION, JobLeaf, WorkLeaf
from behaviours.leaves.failing import Failures
from behaviours.limits import SHARE, up_to
from behaviours.services import Services
from perception.detection.look import look_for
from perception.detection.where import Where, choose
from perception.geometry import Pose, Vector
from perception.grasping.choose import choose_grasp
from perception.grasping.hanging import clip_to_height_range, further_out
from perception.grasping.reach import Reach
from perception.surface.depth import fuse_depth
from perception.surface.locate import ObjectLocation, detection_of
from perception.types import Grasp, Heatmap, Rejection, RgbdFrame
from perception.view import View
from trees.data.ports import Bounds, input_port, output_port


class Capture(JobLeaf[RgbdFrame]):
    """Take a picture with depth; the depth is the median of several while the camera stands still, one a tick."""

    NEVER_FAILS = True
    PORTS = (
        input_port("camera", str, default="hand", bounds=Bounds(1, 100), names="camera", text="which camera"),
        input_port("frames", int, default=1, bounds=Bounds(1, 100), text="how many depth pictures to combine"),
        output_port("frame", RgbdFrame, text="the picture"),
    )

    def initialise(self) -> None:
        self._frames: list[RgbdFrame] = []

    def _next(self) -> RgbdFrame | None:
        """The next frame; None if it is not there yet. In simulated time it comes at once, else from the worker."""
        camera = self.get("camera")
        if self.robot.simulated_time:
            return self.robot.capture(camera)
        if self._job is None:
            self.submit(lambda: self.robot.capture(camera))
        return self.result() if self.answered() else None

    def update(self) -> Status:
        frame, count = self._next(), self.get("frames")
        if frame is not None:
            self._frames.append(frame)
        if len(self._frames) < count:
            return self.run_on(f"{len(self._frames)} of {count} frames")
        fused = fuse_depth(self._frames)
        self.set("frame", fused)
        self.context.recorder.frame(self.name, fused)
        return self.succeed(f"depth on {(fused.depth > 0).mean():.0%} of the picture")


class DetectObject(WorkLeaf[View]):
    """Find the best object with one of the labels, or the one that is known already.

    The label `thing` is for whatever stands out of the ground by its depth, the nearest first; no network knows it.
    `any` is for whatever stands or lies there, also among others. `or_by_depth` is for places where little else stands:
    what depth alone takes for a bottle, a can or a mug may be another thing of that size.
    """

    PORTS = (
        input_port("frame", RgbdFrame, text="the picture to look at"),
        input_port(
            "labels", tuple[str, ...], bounds=Bounds(1, 1000), names="label", text="classes to accept, separated by ;"
        ),
        input_port("min_score", float, default=0.25, bounds=SHARE, text="least score, 0..1"),
        input_port("where", Where, default=Where.best, text="which of several: by score, place, size or colour"),
        input_port("known", ObjectLocation, default=None, text="take no other object than this one"),
        input_port("within_m", float, unit="m", default=0.15, bounds=up_to(100.0), text="how far it may have moved"),
        input_port("failures", Failures, default=None, text="take these only if there is no other"),
        input_port(
            "gone", Failures, default=None, text="leave out what was noted here twice: from near, nothing is there"
        ),
        input_port(
            "or_by_depth",
            bool,
            default=False,
            text="if the detector is not sure of any, take what has the size and shape of a label",
        ),
        output_port("detection", View, text="the object and the picture that it is in"),
    )

    def work(self) -> Callable[[], View | Rejection]:
        frame, labels, min_score = self.get("frame"), self.get("labels"), self.get("min_score")
        known, within_m, meant = self.get("known"), self.get("within_m"), self.get("where")
        detector, settings = self.context.detector, self.context.settings
        look = partial(
            look_for,
            detector,
            frame,
            labels,
            min_score,
            things=settings.things,
            judging=settings.judging,
            or_by_depth=self.get("or_by_depth"),
        )
        failures, gone = self.get("failures") or Failures(), self.get("gone") or Failures()

        def detect() -> View | Rejection:
            if known is None:  # all that can be found is compared
                detections = gone.without(choose(look(), frame, meant), frame, settings.grasp.failed_m)
                best = next(iter(failures.last(detections, frame, settings.grasp.failed_m)), None)
                where = "" if meant is Where.best else f", {meant.value}"
            else:
                matching = partial(detection_of, frame=frame, known=known, within_m=within_m)
                best = matching(look(enough=lambda detection: matching([detection]) is not None))
                where = f" within {within_m:.2f} m of where it was"
            if best is None:
                return Rejection(f"no {' or '.join(labels)} in the picture{where}")
            return View(frame, best, settings.surface)

        return detect

    def take(self, result: View) -> Status:
        self.set("detection", result)
        best = result.detection
        how = ", by depth" if best.by_depth else ""
        return self.succeed(f"{best.label} {best.score:.2f}{how}, {int(best.mask.sum())} px")


class LocateObject(WorkLeaf[ObjectLocation]):
    """Compute where the detected object stands. FAILURE if it is not where the known object was."""

    PORTS = (
        DETECTION,
        input_port("known", ObjectLocation, default=None, text="it must be this one"),
        input_port("within_m", float, unit="m", default=0.15, bounds=up_to(100.0), text="how far it may have moved"),
        output_port("object", ObjectLocation, text="where it stands and how big it is"),
    )

    def work(self) -> Callable[[], ObjectLocation | Rejection]:
        view: View = self.get("detection")
        known, within_m = self.get("known"), self.get("within_m")

        def locate() -> ObjectLocation | Rejection:
            here = view.location
            if known is None or isinstance(here, Rejection):
                return here
            away_m = float(np.linalg.norm((here.position_m - known.position_m)[:2]))
            return here if away_m <= within_m else Rejection(f"it stands {away_m:.2f} m from where the known one was")

        return locate

    def take(self, result: ObjectLocation) -> Status:
        self.set("object", result)
        x, y, z = result.position_m
        message = f"{result.label} at ({x:.2f}, {y:.2f}, {z:.2f}) m, {result.width_m * 1000:.0f} mm wide"
        return self.succeed(message if result.support_seen else f"{message}, its support not seen")


class InferHeatmap(WorkLeaf[Heatmap]):
    """Predict the quality of a grasp at every pixel of the object."""

    NEVER_FAILS = True
    PORTS = (DETECTION, output_port("heatmap", Heatmap, text="quality 0..1 for each pixel"))

    def work(self) -> Callable[[], Heatmap]:
        view: View = self.get("detection")
        return lambda: self.context.heatmap_model.predict(view)

    def take(self, result: Heatmap) -> Status:
        self.set("heatmap", result)
        best = float(result.quality[self.get("detection").detection.mask].max(initial=0.0))
        return self.succeed(f"best quality {best:.2f}")


class ApproachName(Enum):
    """From where the hand may come, as it is written in a tree file."""

    any = "any"
    side = "side"
    top = "top"


class ComputeGraspPose(WorkLeaf[Grasp]):
    """Choose the best pixel that the arm can grip at, and the hand's pose for it (Eq. 1-3 of arXiv 2508.17466).

    What it chose before is not chosen again, as long as the object is where it was: it is asked again only after a
    failure.
    """

    PORTS = (
        DETECTION,
        input_port("heatmap", Heatmap, text="quality 0..1 for each pixel"),
        input_port("object", ObjectLocation, default=None, text="where it stands; needed for the heights"),
        input_port(
            "least_height",
            float,
            default=0.0,
            bounds=SHARE,
            text="share of its height to grip above, 0..1, to hang upright",
        ),
        input_port(
            "greatest_height",
            float,
            default=1.0,
            bounds=SHARE,
            text="share of its height to grip below, 0..1, not to swing",
        ),
        input_port(
            "out_m",
            float,
            unit="m",
            default=0.0,
            bounds=Bounds(-0.1, 0.1),
            text="how much further out in the jaws than usual; less for wide objects",
        ),
        input_port(
            "approach",
            ApproachName,
            default=ApproachName.side,
            text="from where: side by the heatmap, top from above, any takes what is best",
        ),
        input_port("min_quality", float, default=0.0, bounds=SHARE, text="a grasp with less is not worth a try"),
        output_port("grasp", Grasp, text="pixel, depth, normal and pose"),
        output_port("opening", float, default=None, bounds=SHARE, text="of the jaws on the way in, 0 closed .. 1 open"),
    )

    def __init__(self, name: str, ports: Any, context: Services) -> None:
        super().__init__(name, ports, context)
        self._tried: tuple[tuple[Vector, Pose], ...] = ()

    def work(self) -> Callable[[], Grasp | Rejection]:
        view: View = self.get("detection")
        heatmap, model, settings = self.get("heatmap"), self.robot.model, self.context.settings.grasp
        body, approach, least = self.robot.body_pose(), self.get("approach").value, self.get("min_quality")
        if self.get("object") is not None:
            shares = self.get("least_height"), self.get("greatest_height")
            heatmap = clip_to_height_range(heatmap, view.frame, self.get("object"), *shares)

        def compute() -> Grasp | Rejection:
            here = [pose for _, pose in self._tried_on(view)]
            best = choose_grasp(
                view,
                heatmap,
                approach=approach,
                gripper=model.gripper,
                tips=model.tips,
                reach=Reach(model.arm, body, settings, here),
                settings=settings,
            )
            if isinstance(best, Rejection) or best.score >= least:
                return best
            what = view.detection.label
            return Rejection(f"the best grasp on the {what} has quality {best.score:.2f}, less than {least:g}")

        return compute

    def _tried_on(self, view: View) -> list[tuple[Vector, Pose]]:
        """What was chosen before for an object where this one is: its place (2,) and world_from_hand."""
        if isinstance(view.location, Rejection):
            return []
        place, moved_m = view.location.position_m[:2], self.context.settings.grasp.moved_m
        return [one for one in self._tried if np.linalg.norm(one[0] - place) < moved_m]

    def update(self) -> Status:
        status = super().update()
        if status == Status.FAILURE:
            self._record(None)
        return status

    def take(self, result: Grasp) -> Status:
        view: View = self.get("detection")
        assert not isinstance(view.location, Rejection)  # it has a grasp
        chosen = view.location.position_m[:2], result.world_from_hand
        self._tried = (*self._tried_on(view), chosen)[-self.context.settings.grasp.remembered :]
        result = further_out(result, self.get("out_m"), self.context.settings.grasp.out_width_m)
        self.set("grasp", result)
        self.set("opening", result.opening)
        self._record(result)
        u, v = result.pixel_uv
        x, y, z = result.point_world_m
        return self.succeed(
            f"pixel ({u}, {v}) at {result.depth_m:.3f} m, quality {result.score:.2f}: ({x:.2f}, {y:.2f}, {z:.2f}) m"
        )

    def _record(self, grasp: Grasp | None) -> None:
        view: View = self.get("detection")
        self.context.recorder.heatmap(self.name, view.frame, view.detection, self.get("heatmap"), grasp)
