"""What a fit is worth."""
