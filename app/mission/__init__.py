"""Spot missions: a tree as a remote mission service, and a tree written as mission nodes."""
