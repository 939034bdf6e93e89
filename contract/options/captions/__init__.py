"""Captions: where their text comes from, what is changed in it, and how it looks."""

from contract.options.captions.edits import Replacement, TimeRange
from contract.options.captions.options import CaptionOptions

__all__ = ["CaptionOptions", "Replacement", "TimeRange"]
