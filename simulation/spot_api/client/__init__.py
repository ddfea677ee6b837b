"""How a program written for a Spot is started against the simulator."""
