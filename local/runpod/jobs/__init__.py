"""Jobs of the endpoint: their state, the client's API, the worker's API, webhooks."""
