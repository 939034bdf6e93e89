"""Options that several operations share, in groups: input files, captions, picture, sound, the finished file."""
