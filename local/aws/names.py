"""Names of the resources in the local AWS. A module of its own because `server` imports moto."""

TABLE = BUCKET = "api-gpu-local"
QUEUE = "api-gpu-callbacks"
REGION = "us-east-1"
ACCOUNT = "123456789012"
"""moto's default account."""
