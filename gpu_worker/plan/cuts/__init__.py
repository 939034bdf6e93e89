"""Parts of a video: which frames they have, copied or encoded, and their sound."""
