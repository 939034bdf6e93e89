"""Filters for clips made from a still picture. Pure."""
