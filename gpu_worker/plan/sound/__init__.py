"""The sound of the output: copied where MP4 and its players can carry it, else mixed and encoded as AAC."""
