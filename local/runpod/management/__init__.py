"""The management API: endpoints and the GPU catalog."""
