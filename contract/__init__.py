"""What the gateway and the worker say to each other.

This package is the only code both sides share: operations, messages, the error
catalogue, limits, and which addresses may be contacted. It depends on the
standard library and pydantic alone.
"""
