"""The picture of a video: its place in a frame of another size, and a watermark over it. Pure."""
