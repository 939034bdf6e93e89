"""Container formats and file signatures that no library handles as needed."""
