"""`make demo`: run every operation once and check the videos."""
