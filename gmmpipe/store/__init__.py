"""What lies where on disk, whole or not at all."""
