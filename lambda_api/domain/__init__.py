"""Jobs and how they change. Pure: no I/O, no clock, no randomness of its own.

Times are integers: milliseconds since the epoch, on the gateway's clock.
"""
