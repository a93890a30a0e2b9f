"""Two versions of results, side by side."""
