"""The tests: folders as in the packages, and `support` for what several of them use."""
