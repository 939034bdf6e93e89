"""Captions: where their text comes from, what is changed in it, and how it looks."""

from contract.operations.captions.options import CaptionOptions, Replacement, TimeRange

__all__ = ["CaptionOptions", "Replacement", "TimeRange"]
