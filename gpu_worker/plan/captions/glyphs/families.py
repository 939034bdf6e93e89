"""The families that draw what the chosen one lacks. A script names them: libass would search the host's fonts only."""

from __future__ import annotations

PLAIN_FONT = "DejaVu Sans"
"""The family in `fonts/`. The script names it and the filter gets its folder: one of both alone may draw nothing."""
EMOJI_FONT = "Noto Emoji"
"""Emoji in one color: those without a picture, and those that are wanted as text."""
COLOR_EMOJI_FONT = "Twemoji Layers"
"""A font of color emoji whose layers are characters (`Picture`)."""
