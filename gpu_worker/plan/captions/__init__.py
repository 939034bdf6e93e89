"""Lay out captions as an ASS script, and add frames where a caption needs one. Pure."""
