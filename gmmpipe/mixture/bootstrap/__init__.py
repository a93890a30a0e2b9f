"""Resampling: tests and intervals."""
