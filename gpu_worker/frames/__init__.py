"""Draw and feed the frames of a moving still."""
