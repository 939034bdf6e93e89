"""The actions of the gateway, one file each. They call ports, never adapters."""
