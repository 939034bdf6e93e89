"""Structured logs, metrics, and what must never reach either."""
