"""What ticks: nodes in their places, conditions, what they share, why they failed."""
