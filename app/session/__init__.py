"""One run: its parts put together, watched, recorded and judged."""
