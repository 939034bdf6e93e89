"""The HTTP surface for clients. The only package with FastAPI."""
