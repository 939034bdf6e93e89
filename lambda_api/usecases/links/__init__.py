"""Links to the files of a job: redirects for its owner, and share links for everybody."""
