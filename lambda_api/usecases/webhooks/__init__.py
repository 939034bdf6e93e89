"""Requests of clients about their callbacks."""
