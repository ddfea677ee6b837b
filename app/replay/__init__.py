"""A recorded run, read back and shown again."""
