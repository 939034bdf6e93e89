"""All decisions of the client, without I/O.

A call is a generator, a `Flow`: it yields what must happen (send this, sleep that long) and receives the outcome. The
two drivers in `api_gpu.drivers` perform it, so that `Client` and `AsyncClient` cannot drift apart, and a test plays
any sequence of answers without a server or a clock.
"""
