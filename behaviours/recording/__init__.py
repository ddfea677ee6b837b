"""What one run keeps: its folder, log, statuses and result, written while it runs and read back afterwards."""
