"""Which settings there are, and what they may hold."""
