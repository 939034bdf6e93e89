"""Canvas and zoom of clips made from a still picture. Pure."""
