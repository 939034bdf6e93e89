"""Locate ffmpeg and run it."""
