"""Looks for objects in a frame: by a detector, by depth, or by both together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from perception.detection.by_depth.anything import ANY, find_anything, find_unnamed
from perception.detection.by_depth.closer import closer_looks
from perception.detection.by_depth.judge import WORDS, is_too_large, judge, least_candidate
from perception.detection.by_depth.layers import layers_of
from perception.detection.by_depth.namer import OnnxNamer, shipped_namer
from perception.detection.by_depth.naming import least_answer, named
from perception.detection.settings import JudgeSettings, ThingSettings
from perception.detection.things import THING, find_things
from perception.networks.protocols import Detector, Enough
from perception.surface.beside import fitted
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
    or_by_depth: bool = False,
    namer: Callable[[], OnnxNamer | None] = shipped_namer,
) -> list[Detection]:
    """What is seen with one of the labels, best first; `thing` is what depth alone finds.

    The arguments and errors are those of `Detector.detect`. The label `any` asks for whatever stands or lies on the
    ground (`by_depth.anything`). Where the depth is registered, or its place can be mended (`surface.beside`), unsure
    candidates of all words are looked at, too, small things from nearer, and depth judges them (`by_depth.judge`). A
    network that is shown each thing alone names them (`by_depth.naming`). `enough` then saves the closer looks and this
    network; where the depth is not registered also all that depth says, if the detector itself is sure enough.
    things, judging: what counts as a thing, and how depth judges. or_by_depth: if nothing is seen, what depth alone
    takes for one of the labels that are in `WORDS`; see `by_depth.anything.find_unnamed`. namer: gives the network that
    names things, or None.
    """
    words = [label for label in labels if label not in (THING, ANY)]
    found = find_things(frame, min_score, things) if THING in labels else []
    judged = words if _known(detector, words) else []
    plain: list[Detection] | None = None
    if words and (not judged or (enough is not None and not frame.registered)):
        plain = _by_detector(detector, frame, words, min_score, enough, judging)
        if enough is not None and any(map(enough, plain)):
            judged = []
    mended = fitted(frame) if judged or ANY in labels else None
    if mended is None:
        judged = []
    if words and not judged:
        found += _by_detector(detector, frame, words, min_score, enough, judging) if plain is None else plain
    by_depth = or_by_depth and not found and any(label in WORDS for label in words)
    if judged or by_depth or ANY in labels:
        frame = mended or frame
        layers = layers_of(frame, judging.layers)
        network = namer() if judged else None
        every_score = network or by_depth or ANY in labels
        least = judging.candidates if every_score else least_candidate(min_score, judging)
        asked = [label for label in words if label not in WORDS]
        first = dict.fromkeys([*asked, *WORDS, *detector.labels])  # a name that counts as several labels is the first
        every = [label for label in first if label in detector.labels]
        candidates = detector.detect(frame, every, least)
        if judged:
            answers = [] if enough is None else judge(frame, candidates, layers, judging, min_score)
            sure = [one for one in answers if one.label in judged and one.score >= judging.closer.sure]
            if enough is None or not any(map(enough, sure)):
                candidates += closer_looks(detector, frame, layers, every, least, judging)
                low = least_answer(min_score, judging) if network else min_score
                answers = judge(frame, candidates, layers, judging, low)
                if network:
                    answers = named(frame, candidates, answers, layers, network, judging, min_score)
            found += [one for one in answers if one.label in judged]
        if ANY in labels:
            found += find_anything(layers, candidates, judging)
        if by_depth and not found:
            found += find_unnamed(frame, layers, candidates, words, judging)
    return sorted((one for one in found if one.score >= min_score), key=lambda one: -one.score)


def _by_detector(
    detector: Detector,
    frame: RgbdFrame,
    labels: Sequence[str],
    min_score: float,
    enough: Enough | None,
    judging: JudgeSettings,
) -> list[Detection]:
    """What a detector finds, without what is far too large for its word."""

    def suffices(one: Detection) -> bool:
        return enough is not None and enough(one) and not is_too_large(one, frame, judging)

    found = detector.detect(frame, labels, min_score, None if enough is None else suffices)
    return [one for one in found if not is_too_large(one, frame, judging)]


def _known(detector: Detector, labels: Sequence[str]) -> bool:
    """Whether a detector knows all labels, or one of the words that depth tells apart."""
    told = WORDS if any(word in detector.labels for word in WORDS) else ()
    return all(label in detector.labels or label in told for label in labels)
