"""Turn cues into timed words, and words into pages. Pure."""
