"""Tests of `spot-grasp test` over seeds."""
