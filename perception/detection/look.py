"""Looks for objects in a frame: by a detector, by depth, or by both together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from perception.detection.by_depth.anything import ANY, find_anything
from perception.detection.by_depth.judge import WORDS, judge
from perception.detection.by_depth.layers import layers_of
from perception.detection.settings import JudgeSettings, ThingSettings
from perception.detection.things import THING, find_things
from perception.networks.protocols import Detector, Enough
from perception.types import Detection, RgbdFrame

DEFAULT: Final = JudgeSettings()
THINGS: Final = ThingSettings()


def look_for(
    detector: Detector,
    frame: RgbdFrame,
    labels: Sequence[str],
    min_score: float,
    enough: Enough | None = None,
    things: ThingSettings = THINGS,
    judging: JudgeSettings = DEFAULT,
) -> list[Detection]:
    """What is seen with one of the labels, best first; `thing` is what depth alone finds.

    The arguments and errors are those of `Detector.detect`. The label `any` asks for whatever stands or lies on the
    ground (`by_depth.anything`). Where the depth is registered, unsure candidates of all words are looked at, too, and
    depth judges them (`by_depth.judge`); all looks are then taken. things, judging: what counts as a thing, and how
    depth judges.
    """
    named = [label for label in labels if label not in (THING, ANY)]
    found = find_things(frame, min_score, things) if THING in labels else []
    if named and not (frame.registered and _known(detector, named)):
        found += detector.detect(frame, named, min_score, enough)
        named = []
    if named or ANY in labels:
        layers = layers_of(frame, judging.layers)
        least = judging.candidates if ANY in labels else max(min_score, judging.candidates)  # depth raises no score
        others = [label for label in detector.labels if label not in named]
        asked = [label for label in named if label in detector.labels]  # first, as one name may count as several words
        candidates = detector.detect(frame, [*asked, *others], least)
        found += [one for one in judge(frame, candidates, layers, judging, min_score) if one.label in named]
        found += find_anything(layers, candidates, judging) if ANY in labels else []
    return sorted((one for one in found if one.score >= min_score), key=lambda one: -one.score)


def _known(detector: Detector, labels: Sequence[str]) -> bool:
    """Whether a detector knows all labels, or one of the words that depth tells apart."""
    told = WORDS if any(word in detector.labels for word in WORDS) else ()
    return all(label in detector.labels or label in told for label in labels)
