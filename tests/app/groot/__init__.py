"""Tests of the connection to Groot2 and of `.btlog` files."""
