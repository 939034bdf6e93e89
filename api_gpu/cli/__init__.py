"""The command `api-gpu`: every operation on local files, jobs, callbacks, costs, and its own settings."""
