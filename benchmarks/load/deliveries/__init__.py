"""Thousands of deliveries of two owners, and whether the delivery log tells the truth about each."""
