"""Tests of hand poses."""
