"""A stored fit again by other programs."""
