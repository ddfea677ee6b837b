"""Labels of the family of grasps: candidates, trials, a catalogue of objects, and pictures with sparse targets."""
