"""Canvas and motion of clips made from pictures. Pure."""
