"""Lay out captions as an ASS script. Pure."""
