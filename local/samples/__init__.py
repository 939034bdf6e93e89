"""Generated sample inputs, and the routes that serve them."""
