"""Filter graphs that keep a video's frames in GPU memory. Pure."""
