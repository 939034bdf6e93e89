"""Messages to clients' webhooks: events, deliveries and their targets."""
