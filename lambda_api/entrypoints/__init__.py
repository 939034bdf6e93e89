"""One file per Lambda function: all that the deployment knows of this package."""
