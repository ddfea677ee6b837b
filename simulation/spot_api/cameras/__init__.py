"""Cameras and the image service."""
