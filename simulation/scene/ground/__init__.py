"""Ground that is not flat: the shapes that gaits are tried on, and how a scene lies on them."""
