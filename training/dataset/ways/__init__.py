"""Labels of the family of grasps: candidates, trials, a catalogue of objects, and the lookup of soft labels."""
