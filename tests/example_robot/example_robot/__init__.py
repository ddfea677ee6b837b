"""A robot and a detector for spot-grasp, as somebody else would write them."""
