"""Captions as files for players: a track of the video, and sidecars. Pure."""
