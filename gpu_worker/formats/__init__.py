"""MP4 edit lists and file signatures, which no library handles as needed."""
