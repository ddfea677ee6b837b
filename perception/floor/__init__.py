"""The floor plan: what stands on the floor as depth pictures have shown it, and ways round it."""
