"""Scenes: scene files, objects and their meshes, textures, the person; what stands where."""
