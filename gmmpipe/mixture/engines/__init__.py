"""Who does the passes over the data."""
