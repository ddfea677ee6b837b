"""A Spot that stands and walks on its legs: a gait policy, standing feet, walks, and a hand that stays where it is."""
