"""Rendered training pictures of the detector in furnished rooms, with object models and photographs of other people."""
