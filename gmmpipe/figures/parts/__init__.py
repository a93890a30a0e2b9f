"""What several figures draw."""
