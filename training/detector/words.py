"""The words that the detector learns, and what each family of objects is called."""

from __future__ import annotations

from typing import Final

WORDS: Final = ("bottle", "can", "mug", "bowl", "box", "jar", "glass", "ball", "tool")
"""The classes of a data set, in this order. A thermos flask is a bottle, a cup a mug, a carton a box, fruit a ball."""
WORD_OF: Final = {
    **{word: word for word in WORDS},
    "thermos": "bottle", "carton": "box", "fruit": "ball", "tin": "can",
}  # fmt: skip
"""The word of each family that has one; the others are shown without a label."""
