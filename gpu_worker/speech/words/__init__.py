"""Repair, match and accept the times of spoken words. Pure."""
