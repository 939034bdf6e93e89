"""What clients do with their callbacks, apart from receiving them."""
