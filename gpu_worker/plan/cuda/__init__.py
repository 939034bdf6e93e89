"""Filters that keep a video on the GPU. Pure."""
