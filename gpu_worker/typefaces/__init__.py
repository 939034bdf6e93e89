"""Measure text in the shipped fonts, with the shaper that libass uses."""
