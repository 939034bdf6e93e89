"""What is sent to clients' webhooks: events, deliveries, and where they go."""
