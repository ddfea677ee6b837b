"""Measurements that the documentation quotes, each a program."""
