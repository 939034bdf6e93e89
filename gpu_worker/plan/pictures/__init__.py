"""Pictures of a video: which frames they show, and how they are made."""
