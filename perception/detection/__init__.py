"""From a picture to the masks of the objects in it."""
