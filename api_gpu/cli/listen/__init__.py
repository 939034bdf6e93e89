"""`api-gpu webhooks listen`: replay deliveries to a program on this machine, which the API cannot reach."""
