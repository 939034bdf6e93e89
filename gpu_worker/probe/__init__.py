"""Describe the contents of a media file."""
