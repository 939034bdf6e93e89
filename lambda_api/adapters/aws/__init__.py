"""AWS through boto3: the job store, the bucket, the callback queue and the secrets."""
