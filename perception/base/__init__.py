"""What every package uses: errors, files read with limits, optional packages."""
