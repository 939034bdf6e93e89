"""The only code that gateway, worker and client share: operations, messages, errors, limits, URLs and addresses.

It depends on the standard library and pydantic only.
"""
