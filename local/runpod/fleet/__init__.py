"""Worker processes and the scaler that starts and stops them."""
