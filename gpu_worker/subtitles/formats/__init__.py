"""Split the text of a subtitle file into cues, by its format."""
