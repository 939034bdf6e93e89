"""Files that clients upload, and jobs that read them."""
