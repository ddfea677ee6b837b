"""What depth alone, and depth with a detector, says about what is in a frame."""
