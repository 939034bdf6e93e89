"""Numbers that all of `speech` uses. Without imports: the sandboxed process loads as little as possible."""

MAX_WORD_MS = 1200
"""A word that lasts longer began in the silence before it, or ended in the silence after it."""
