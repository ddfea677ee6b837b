"""What every command shares: signals, output, exit codes, which tree file and which leaves are meant."""
