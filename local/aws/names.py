"""Names of the resources in the local AWS, and its credentials. A module of its own because `server` imports moto."""

TABLE = BUCKET = "api-gpu-local"
QUEUE = "api-gpu-callbacks"
REGION = "us-east-1"
ACCOUNT = "123456789012"
"""moto's default account."""
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Of everything in the local system, as environment variables."""
