"""How the simulated robot walks: the gait, straight walks, and walks round what its body has seen."""
