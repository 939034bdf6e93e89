"""What the gateway does, one file each. They know ports, never adapters."""
