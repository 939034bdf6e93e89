"""Captions: where their text comes from, what is changed in it, and how it looks."""

from contract.operations.captions.edits import Replacement, TimeRange
from contract.operations.captions.options import CaptionOptions

__all__ = ["CaptionOptions", "Replacement", "TimeRange"]
