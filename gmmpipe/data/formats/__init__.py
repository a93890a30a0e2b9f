"""Formats of data files, each in one module."""
