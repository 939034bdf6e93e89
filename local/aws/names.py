"""Names of what exists in the local AWS. Apart from `server`, which imports moto."""

TABLE = BUCKET = "api-gpu-local"
QUEUE = "api-gpu-callbacks"
REGION = "us-east-1"
ACCOUNT = "123456789012"
"""moto's default account."""
