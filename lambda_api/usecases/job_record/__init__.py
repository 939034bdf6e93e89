"""How use cases find a job, present it, and change it."""
