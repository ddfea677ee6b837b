"""The data engine: from a plan to a checked data set of views and grasp labels on disk."""
