"""A command for each operation, derived from its model."""
