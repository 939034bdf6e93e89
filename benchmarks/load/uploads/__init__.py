"""Thousands of uploads of two owners, many of them sent wrongly, in part, twice, or not at all."""
