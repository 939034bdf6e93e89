"""Resample the frames of a zoom into a still, and feed them to ffmpeg."""
