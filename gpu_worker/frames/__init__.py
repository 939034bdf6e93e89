"""Draw the frames of scenes and transitions from canvases, and feed them to ffmpeg."""
