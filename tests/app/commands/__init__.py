"""Tests of single commands, as a person types them."""
