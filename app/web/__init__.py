"""A run or a replay in a browser: one page, served on loopback to whoever has its address."""
