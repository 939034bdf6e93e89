"""DynamoDB, S3 and SQS on one machine: moto's server in a process of its own."""
