"""Choose fonts for characters, and measure and break lines. Pure."""
