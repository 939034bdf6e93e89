"""The HTTP surface for clients. The only place with FastAPI."""
