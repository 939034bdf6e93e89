"""Data types that describe media. No I/O."""
