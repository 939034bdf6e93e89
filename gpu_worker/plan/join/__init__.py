"""Videos one after the other: their parts, places in time, pictures and sounds. Pure."""
