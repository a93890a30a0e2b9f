"""The EM algorithm."""
