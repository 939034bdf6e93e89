"""Credentials, quotas and tokens: who may do what, and how much of it."""
