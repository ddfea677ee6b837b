"""Rendered training pictures of the detector: rooms, a ray caster, a camera, and crops of views."""
