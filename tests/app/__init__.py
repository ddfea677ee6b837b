"""Tests of the program: its commands, sessions, views and servers."""
