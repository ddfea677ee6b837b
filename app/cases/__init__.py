"""Cases of trees on the fake robot: a world, what goes wrong in it, what must come of it, and what was never seen."""
