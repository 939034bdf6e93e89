"""Turn downloaded inputs into verified output files."""
