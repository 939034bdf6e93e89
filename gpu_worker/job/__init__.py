"""One execution of a job, from RunPod's message to the manifest."""
