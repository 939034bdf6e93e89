"""The client of api-gpu."""
