"""Make, damage and measure media files for tests."""
