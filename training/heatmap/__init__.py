"""The heatmap network: its arrays, recipes, architecture and training."""
