"""Lambda on one machine: execution environments that run the real handlers, one event at a time."""
