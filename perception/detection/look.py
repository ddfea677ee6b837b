"""Looks for objects in a frame: by a detector, by depth, or by both together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from perception.detection.by_depth.anything import ANY, find_anything, find_unnamed
from perception.detection.by_depth.closer import closer_looks
from perception.detection.by_depth.judge import WORDS, is_too_large, judge, least_candidate
from perception.detection.by_depth.layers import Layers, layers_of
from perception.detection.by_depth.namer import OnnxNamer, shipped_namer
from perception.detection.by_depth.naming import least_answer, named
from perception.detection.settings import JudgeSettings, ThingSettings
from perception.detection.things import THING, find_things
from perception.networks.protocols import Detector, Enough
from perception.surface.beside import fitted
from perception.surface.one_thread import on_one_thread
from perception.types import Detection, RgbdFrame

DEFAULT: Final = JudgeSettings()
THINGS: Final = ThingSettings()


@on_one_thread
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
    judged = bool(words) and _known(detector, words)
    alone: list[Detection] | None = None
    if words and (not judged or (enough is not None and not frame.registered)):
        alone = _by_detector(detector, frame, words, min_score, enough, judging)
        judged = judged and not _suffices(alone, enough)
    mended = fitted(frame) if judged or ANY in labels else None
    judged = judged and mended is not None
    if words and not judged:
        found += _by_detector(detector, frame, words, min_score, enough, judging) if alone is None else alone
    by_depth = or_by_depth and not found and any(label in WORDS for label in words)
    if judged or by_depth or ANY in labels:
        network = namer() if judged else None
        every_score = network or by_depth or ANY in labels
        least = judging.candidates if every_score else least_candidate(min_score, judging)
        layers = layers_of(mended or frame, judging.layers)
        look = _Look(detector, mended or frame, layers, _every_word(detector, words), least, judging)
        if judged:
            candidates, answers = look.judged(words, min_score, None if ANY in labels else enough, network)
            found += [one for one in answers if one.label in words]
        else:
            candidates = detector.detect(look.frame, look.every, least)
        if ANY in labels:
            found += find_anything(layers, candidates, judging)
        if by_depth and not found:
            found += find_unnamed(look.frame, layers, candidates, words, judging)
    return sorted((one for one in found if one.score >= min_score), key=lambda one: -one.score)


@dataclass(frozen=True, eq=False)
class _Look:
    """A frame whose depth fits its colour, and how it is looked at. every: the words of all candidates."""

    detector: Detector
    frame: RgbdFrame
    layers: Layers
    every: list[str]
    least: float
    judging: JudgeSettings

    def judged(
        self, words: Sequence[str], min_score: float, enough: Enough | None, network: OnnxNamer | None
    ) -> tuple[list[Detection], list[Detection]]:
        """What the detector takes for anything, and what depth makes of it, with closer looks, which are added, and
        names. All further looks and names are saved once depth is sure of one that is enough."""
        frame, layers, judging = self.frame, self.layers, self.judging
        stopped = False

        def surely(candidates: list[Detection]) -> list[Detection] | None:
            answers = judge(frame, candidates, layers, judging, min_score)
            sure = [one for one in answers if one.label in words and one.score >= judging.closer.sure]
            return answers if _suffices(sure, enough) else None

        def suffices(one: Detection) -> bool:
            nonlocal stopped
            able = one.score >= least_candidate(judging.closer.sure, judging)
            stopped = stopped or (able and surely([one]) is not None)
            return stopped

        candidates = self.detector.detect(frame, self.every, self.least, None if enough is None else suffices)
        answers = None if enough is None else surely(candidates)
        if answers is not None:
            return candidates, answers
        if stopped:
            candidates = self.detector.detect(frame, self.every, self.least)
        candidates += closer_looks(self.detector, frame, layers, self.every, self.least, judging)
        low = least_answer(min_score, judging) if network else min_score
        answers = judge(frame, candidates, layers, judging, low)
        if network:
            answers = named(frame, candidates, answers, layers, network, judging, min_score)
        return candidates, answers


def _every_word(detector: Detector, words: Sequence[str]) -> list[str]:
    """What a detector knows. A name that counts as several labels is the first, so those that depth lacks lead."""
    first = dict.fromkeys([*(word for word in words if word not in WORDS), *WORDS, *detector.labels])
    return [label for label in first if label in detector.labels]


def _suffices(found: Sequence[Detection], enough: Enough | None) -> bool:
    return enough is not None and any(map(enough, found))


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
