"""What stands where: scene files, objects, textures, the person."""
