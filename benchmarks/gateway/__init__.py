"""Measure the gateway: cold starts, warm requests, calls and dollars per job, submits per second."""
