"""Labels of a data set: grasps tried on each object, the criterion of the paper, and both projected into views."""
