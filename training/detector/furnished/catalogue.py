"""Which models of other people show which word, and which are kept for the test rooms.

Names of Sweet Home 3D's models are those of its catalogue, without the ending. Models that show several things, or a
thing that could have another word, are left out.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

SWEET_HOME: Final = {
    "bottle": (
        "blendswap-cc-0/mamadeira/mamadeira", "blendswap-cc-0/yogurtBottle/yogurtBottle",
        "blendswap-cc-by/beer_bottle/beer_bottle", "katorlegaz/red-wine-bottle-01/red-wine-bottle-01",
        "katorlegaz/spray-bottle/spray-bottle", "scopia/wine_bottle/wine_bottle", "scopia/com_bath/com_bath",
        "scopia/com_bath2_jabon_pijo/com_bath2_jabon_pijo", "scopia/medicoscopia_bottle/medicoscopia_bottle",
        "scopia/medicoscopia_bottle2/medicoscopia_bottle2", "scopia/com_bath2_soap/com_bath2_soap",
    ),
    "mug": (
        "blendswap-cc-0/plasticCup/plasticCup", "blendswap-cc-by/coffee_cup/coffee_cup",
        "katorlegaz/coffee-mug/coffee-mug", "scopia/cup/cup", "blendswap-cc-0/caffe_final/caffe_final",
    ),
    "bowl": (
        "katorlegaz/bowl/bowl", "scopia/bowl/bowl", "scopia/bowlWithSalad/bowlWithSalad", "scopia/pottery/pottery",
    ),
    "box": (
        "blendswap-cc-0/tetrapak/tetrapak", "scopia/cardboard-box/cardboard-box",
        "scopia/medicoscopia_box/medicoscopia_box", "blendswap-cc-0/butter/butter",
    ),
    "jar": ("blendswap-cc-0/cosmeticsPot/cosmeticsPot", "scopia/sugar/sugar"),
    "glass": (
        "blendswap-cc-0/beerGlass/beerGlass", "blendswap-cc-by/glass/glass",
        "blendswap-cc-by/cocktailGlass/cocktailGlass", "katorlegaz/12-oz-glass/12-oz-glass",
        "katorlegaz/highball-glass/highball-glass",
    ),
    "ball": ("blendswap-cc-0/basketball/basketball", "blendswap-cc-by/ballonFoot/ballonFoot"),
    "tool": (
        "blendswap-cc-0/cissors_swap/cissors_swap", "blendswap-cc-by/fork/fork", "blendswap-cc-by/spoon/spoon",
        "blendswap-cc-by/knife/knife", "blendswap-cc-by/kitchenKnife/kitchenKnife", "scopia/marteau/marteau",
        "scopia/tournevis/tournevis", "scopia/perceuse-electrique/perceuse-electrique",
        "scopia/kitchen_tool1/kitchen_tool1", "scopia/kitchen_tool2/kitchen_tool2",
        "scopia/kitchen_tool3/kitchen_tool3", "scopia/kitchen_tool4/kitchen_tool4",
        "scopia/pince-coupante/pince-coupante", "katorlegaz/flashlight/flashlight",
    ),
}  # fmt: skip
"""Models of Debian's sweethome3d-furniture by word."""
LARGEST_M: Final = {"ball": 0.11, "bowl": 0.26, "box": 0.26, "jar": 0.2, "tool": 0.3}
"""A larger model of a word is made as small as this, as such things are sold too."""


class Other(NamedTuple):
    """A model of another package. word: or "" for a thing without one. up: its axis that points up. height_m. color:
    of a model without materials."""

    word: str
    up: str
    height_m: float
    color: tuple[float, float, float] = (0.6, 0.6, 0.6)


ROBOSUITE: Final = {
    "bottle": Other("bottle", "z", 0.16), "can": Other("can", "z", 0.11), "milk": Other("box", "z", 0.16),
    "cereal": Other("box", "z", 0.15), "bread": Other("", "z", 0.06), "lemon": Other("ball", "z", 0.05),
}  # fmt: skip
"""Models of robosuite's assets/objects/meshes."""
PYBULLET: Final = {
    "objects/mug": Other("mug", "z", 0.10, (1.0, 0.2, 0.2)), "soccerball": Other("ball", "z", 0.11),
    "duck": Other("", "y", 0.1, (0.9, 0.8, 0.1)), "lego/lego": Other("", "z", 0.05, (0.8, 0.1, 0.1)),
    "teddy2_VHACD_CHs": Other("", "y", 0.14, (0.5, 0.35, 0.2)),
}  # fmt: skip
"""Models of pybullet_data."""
PYBULLET_SHAPES: Final = 60
"""So many of pybullet_data/random_urdfs are things without a word."""
METAWORLD: Final[dict[str, tuple[Other, dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]]]]] = {
    "thermos": (
        Other("bottle", "z", 0.28),
        {
            "therm_base": ((0, 0, 0.02), (0.85, 0.85, 0.85)), "therm_body": ((0, 0, 0.14), (0.45, 0.56, 0.52)),
            "therm_cap": ((0, 0, 0.285), (0.85, 0.85, 0.85)), "therm_trim": ((0, 0, 0.285), (0.85, 0.85, 0.85)),
            "therm_handle": ((0, -0.135, 0.132), (0.85, 0.85, 0.85)),
        },
    ),
    "hammer": (
        Other("tool", "z", 0.05),
        {"hammerhandle": ((0, 0, 0), (0.6, 0.4, 0.2)), "hammerhead": ((0.16, 0, 0), (0.5, 0.5, 0.5))},
    ),
}  # fmt: skip
"""Models of metaworld's assets/objects/meshes: STL parts with their places and colours."""
HELD_OUT: Final = frozenset(
    {
        "robosuite/bottle", "robosuite/can", "robosuite/milk", "robosuite/cereal", "pybullet/objects/mug",
        "pybullet/soccerball", "katorlegaz/red-wine-bottle-01/red-wine-bottle-01", "scopia/com_bath/com_bath",
        "katorlegaz/coffee-mug/coffee-mug", "scopia/bowl/bowl", "scopia/medicoscopia_box/medicoscopia_box",
        "scopia/sugar/sugar", "katorlegaz/12-oz-glass/12-oz-glass", "blendswap-cc-by/cocktailGlass/cocktailGlass",
        "scopia/marteau/marteau", "blendswap-cc-by/spoon/spoon", "scopia/kitchen_tool2/kitchen_tool2",
    }
)  # fmt: skip
"""Models that show in test rooms alone."""
TEST_EVERY: Final = 5
"""Of the furniture and of the things without a word, every fifth shows in test rooms alone."""
SUPPORT: Final = re.compile(
    r"^(?!.*(lamp|bat|girl|tablet|tablefan|bathroom|pool|football|chair|tennis|upper|sofa|extinguisher|sink))"
    r".*(table|desk|stool|island|bench|cabinet|chest|dresser|puff)", re.IGNORECASE,
)  # fmt: skip
"""Names of furniture that things can stand on."""
FURNITURE: Final = ("Living room", "Kitchen", "Office", "Bedroom")
"""Categories of the furniture of a room."""
NO_SCENERY: Final = re.compile(
    r"plant|tree|flower|vase|lamp|light|carpet|rug|curtain|christmas|cup|glass|plate|bottle|jar|pot|bowl|knife|tool"
    r"|utensil|spice|pen|apple|fruit|ball|box|can\b|creamer|salt|candle|deer|bill|socket|plug|switch|antenna|dimmer|ring"
    r"|oil|shaker|scale|cutlery|brush|comb|ruler|pliers|hammer|drill|keys|pencil|marker|press|mixer|jug|kettle|milk|egg",
    re.IGNORECASE,
)  # fmt: skip
"""Names of models that are neither furniture nor a thing without a word."""
FURNITURE_M: Final = (0.42, 2.4)
"""Range of the largest size of furniture."""
THING_M: Final = (0.06, 0.36)
"""Range of the largest size of a thing without a word."""
