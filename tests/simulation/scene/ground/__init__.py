"""Tests of scenes and what stands in them."""
