"""The networks that rate pixels and ways, and what they are given."""
