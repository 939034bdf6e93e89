"""AWS on one machine: DynamoDB and SQS by moto's server, S3 by `s3`, each in a process of its own."""
