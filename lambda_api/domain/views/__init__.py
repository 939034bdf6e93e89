"""Jobs as clients read them."""
