"""Words of trees for names that networks have: who asks for a mug gets what a COCO network calls a cup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from perception.base.errors import ConfigError
from perception.networks.protocols import Detector, Enough
from perception.types import Detection, RgbdFrame

Aliases = Mapping[str, tuple[str, ...]]
"""For each word, the names of networks that count as it."""
ALIASES: Final[Aliases] = MappingProxyType(
    {
        "bottle": ("vase", "thermos", "flask"),
        "can": ("tin can", "bottle", "cup", "vase"),
        "mug": ("cup", "coffee cup", "coffee mug"),
        "glass": ("wine glass", "drinking glass", "cup"),
        "jar": ("vase",),
        "box": ("carton", "package"),
        "ball": ("sports ball", "orange", "apple"),
        "fruit": ("apple", "orange", "banana", "ball"),
        "tool": ("scissors", "hammer", "screwdriver"),
        "thermos": ("flask", "bottle", "vase"),
        "cup": ("mug", "coffee cup"),
        "carton": ("box", "package"),
    }
)
"""Without settings. COCO's networks know bottle, cup, bowl, wine glass and vase, and call a thermos flask a vase."""


def with_aliases(detector: Detector, aliases: Aliases) -> Detector:
    """The detector, which answers to the words too that its names count as; unchanged if there are none.

    A name that is itself a word of `aliases` counts as another word only if the detector does not know that one: of a
    detector that knows bottles and cans, a bottle is no can.
    """
    known = {word: _names_of(word, names, detector.labels, aliases) for word, names in aliases.items()}
    added = {word: names for word, names in known.items() if set(names) - {word}}
    return _Aliased(detector, added, [word for word, names in known.items() if names]) if added else detector


def _names_of(word: str, names: Iterable[str], labels: Sequence[str], aliases: Aliases) -> tuple[str, ...]:
    """The names of a detector with these labels that count as a word, its own first."""
    own = (word,) if word in labels else ()
    return (*own, *(name for name in names if name in labels and name != word and not (own and name in aliases)))


class _Aliased:
    """Implements `perception.networks.protocols.Detector`.

    words: what each word stands for in the other's names. first: labels that are told first.
    """

    def __init__(self, detector: Detector, words: Aliases, first: Sequence[str]) -> None:
        self._detector, self._words = detector, words
        self.labels = (*first, *(label for label in detector.labels if label not in first))

    def detect(
        self, frame: RgbdFrame, labels: Sequence[str], min_score: float, enough: Enough | None = None
    ) -> list[Detection]:
        """As the detector's. What has a name that counts as several of the labels is the first of them."""
        words = self._words_of(labels)
        wanted = None if enough is None else lambda one: enough(_renamed(one, words))
        return [_renamed(one, words) for one in self._detector.detect(frame, tuple(words), min_score, wanted)]

    def glance(self, frame: RgbdFrame, labels: Sequence[str], min_score: float) -> list[Detection]:
        """As the detector's, if it can; else as `detect`."""
        words = self._words_of(labels)
        look: Callable[..., list[Detection]] = getattr(self._detector, "glance", self._detector.detect)
        return [_renamed(one, words) for one in look(frame, tuple(words), min_score)]

    def _words_of(self, labels: Sequence[str]) -> dict[str, str]:
        """For each name of the detector that counts as one of the labels, the first of these. ConfigError."""
        if unknown := [label for label in labels if label not in self.labels]:
            raise ConfigError(
                f"the detector does not know: {', '.join(unknown)}. It knows: {', '.join(self.labels[:20])}"
                f"{' ...' if len(self.labels) > 20 else ''}; [names] in a settings file adds words"
            )
        return {name: label for label in reversed(labels) for name in self._words.get(label, (label,))}


def _renamed(one: Detection, words: Mapping[str, str]) -> Detection:
    return replace(one, label=words[one.label])
