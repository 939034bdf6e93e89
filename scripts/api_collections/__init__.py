"""Collections of requests for API clients, derived from the OpenAPI document: pure functions, the same at each run.

openapi-to-postmanv2 would need Node, and its ids and example values differ at each run. It knows no Bruno.
"""
