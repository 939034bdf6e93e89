"""A job as use cases find it, present it, and change it."""
