"""How a run is shown in a terminal: the state of a run, its picture, and the views that draw it."""
