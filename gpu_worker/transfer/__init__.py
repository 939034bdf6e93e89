"""Download inputs and upload results over a guarded network."""
