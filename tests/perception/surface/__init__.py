"""Tests of depth, normals and cross sections."""
