"""Leaves for spot-grasp, as somebody else would write them."""
