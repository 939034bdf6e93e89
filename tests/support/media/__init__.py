"""Media files for tests: made, drawn, damaged and measured."""
