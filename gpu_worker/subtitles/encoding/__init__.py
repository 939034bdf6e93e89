"""Turn the bytes of a subtitle file into text."""
