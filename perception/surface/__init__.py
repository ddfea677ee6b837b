"""What depth says of an object: repaired depth, normals, outline, place, shape."""
