"""The robots that come with the project."""
