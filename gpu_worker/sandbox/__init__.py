"""Run untrusted programs with bounded rights, memory and time."""
