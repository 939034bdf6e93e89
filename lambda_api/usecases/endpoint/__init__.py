"""The serverless endpoint at RunPod: create or update it, remove it, watch it."""
