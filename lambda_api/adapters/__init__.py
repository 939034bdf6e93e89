"""The outside world: DynamoDB, S3, SQS, RunPod, clients' callback URLs. The only place with boto and urllib3."""
