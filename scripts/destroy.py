"""Delete the stack and everything in it: `make destroy`. Asks for the stack's name first.

Empties the bucket (CloudFormation deletes only empty buckets), then SAM deletes the stack and its own uploads. The
RunPod endpoint is deleted too, unless it existed before the stack. If the stack's RunPod key has been revoked, set
RUNPOD_API_KEY to one that may delete endpoints.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from stack import DEFAULT_STACK, Account, Stop, call_aws, run_command, sam

STAYS = """
Deleted. What stays:
- a backup of the table, which AWS keeps for 35 days at no charge
- the secrets, if Secrets Manager schedules their deletion: unreadable, not charged, deleted within 30 days
- the bucket aws-sam-cli-managed-default-… that SAM uses for all stacks of the region
- the worker's image in its registry, and your RunPod account"""


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="make destroy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", default=DEFAULT_STACK, help="STACK=…, the stack's name")
    parser.add_argument("--region", help="REGION=…, default: that of your AWS settings")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args(arguments)
    account = Account(options.region)
    print(f"AWS account {account.identity()}, region {account.region}, stack {options.stack}")
    stack = account.stack(options.stack)
    if stack is None:
        raise Stop("There is no such stack in this region. Check STACK= and REGION=.")
    print("This deletes all jobs and videos, the keys of all callers, and the API's address.")
    if not options.yes and input("Type the stack's name to continue: ").strip() != options.stack:
        raise Stop("Nothing was deleted.")
    secret, key = stack.outputs.get("RunpodSecretArn"), os.environ.get("RUNPOD_API_KEY", "").strip()
    if secret and key:
        call_aws(lambda: account.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=key))
    if bucket := stack.outputs.get("BucketName"):
        print(f"Emptied {bucket}: {empty(account.client('s3'), bucket)} objects")
    of_stack = ("--stack-name", options.stack, "--region", account.region, "--s3-prefix", options.stack)
    sam("delete", *of_stack, "--no-prompts")
    print(STAYS)


def empty(s3: Any, bucket: str) -> int:
    """Delete every object and return their number, 0 if the bucket does not exist. Raises Stop."""

    def delete_all() -> int:
        count = 0
        try:
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                if keys := [{"Key": item["Key"]} for item in page.get("Contents", [])]:
                    errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True}).get("Errors", [])
                    if errors:
                        raise Stop(f"{len(errors)} objects of {bucket} cannot be deleted: {errors[0].get('Code')}")
                    count += len(keys)
        except s3.exceptions.NoSuchBucket:
            pass
        return count

    return int(call_aws(delete_all))


if __name__ == "__main__":
    sys.exit(run_command(main))
