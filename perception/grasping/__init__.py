"""From a heatmap to a hand pose that can be reached."""
