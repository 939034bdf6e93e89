"""Create or update the stack: `make deploy IMAGE=registry/name:tag@sha256:…`.

The first deployment asks for the worker's image and the RunPod API key (RUNPOD_API_KEY) if they are missing. It creates
the first API key, prints it once and deploys its hash. Later deployments keep every parameter that is not given again.
No secret appears on a command line or stays in a file.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import sys
import tempfile
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from callers import new_callback_secret, new_key
from preflight import IMAGE_REFERENCE
from stack import DEFAULT_STACK, Account, Stack, Stop, run_command, sam

RUNPOD, RUNPOD_JOBS = "https://api.runpod.io", "https://api.runpod.ai/v2"
AGENT = "api-gpu"
"""RunPod's CDN returns 403 for urllib's default user agent, with any key."""
RESERVED = 56
"""Concurrent executions that template.yaml reserves for webhook, sweeper and callbacks."""
MIN_UNRESERVED = 100
"""Concurrent executions that Lambda requires to stay unreserved."""


def main(arguments: list[str]) -> None:
    options = parse_options(arguments)
    account = Account(options.region)
    print(f"AWS account {account.identity()}, region {account.region}, stack {options.stack}")
    stack = account.stack(options.stack)
    if stack is not None and stack.status == "ROLLBACK_COMPLETE":
        raise Stop("The first deployment failed and was rolled back. Run `make destroy`, then deploy again.")
    parameters = {key: value for key, _, value in (given.partition("=") for given in options.parameter)}
    parameters |= choose_worker(options, stack, parameters)
    if key := _read_runpod_key(stack):
        check_runpod_key(key, (stack.parameters if stack else {}) | parameters)
        parameters["RunpodApiKey"] = key
    if options.email:
        parameters["AlarmEmail"] = options.email
    caller = _create_first_caller() if stack is None else {}
    parameters |= {name: value for name, value in caller.items() if name != "ApiKey"}
    if stack is None and "ReserveConcurrency" not in parameters:
        parameters["ReserveConcurrency"] = _choose_reservation(account)
    parameters["Deployment"] = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    sam("build")
    _deploy(options, account, parameters)
    deployed = account.stack(options.stack)
    if deployed is None or "ApiUrl" not in deployed.outputs:
        raise Stop("The deployment left no stack. See its events in the CloudFormation console.")
    _print_summary(deployed.outputs, caller)


def parse_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make deploy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", default=DEFAULT_STACK, help="STACK=…, the stack's name")
    parser.add_argument("--region", help="REGION=…, default: that of your AWS settings")
    parser.add_argument("--image", help="IMAGE=…, the worker's image as RunPod pulls it")
    parser.add_argument("--endpoint-id", help="ENDPOINT=…, an existing endpoint, in place of an image")
    parser.add_argument("--email", help="EMAIL=…, the address that receives alarms")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE",
                        help='PARAMETERS="WorkersMax=5 …", any other parameter of template.yaml')  # fmt: skip
    options = parser.parse_args(arguments)
    if wrong := [given for given in options.parameter if not re.match(r"[A-Za-z0-9]+=", given)]:
        parser.error(f"not NAME=VALUE: {wrong[0]}")
    if options.image and options.endpoint_id:
        parser.error("give IMAGE to create an endpoint, or ENDPOINT to use an existing one, not both")
    return options


def choose_worker(options: argparse.Namespace, stack: Stack | None, given: dict[str, str]) -> dict[str, str]:
    """Return the parameters that select where jobs run: an existing endpoint, or the image for a new one."""
    if options.endpoint_id:
        return {"RunpodEndpointId": options.endpoint_id}
    if not options.image and (stack is not None or {"WorkerImage", "RunpodEndpointId"} & set(given)):
        return {}
    image = options.image or _prompt("The worker's image, as RunPod pulls it (make image builds it): ")
    if not IMAGE_REFERENCE.fullmatch(image):
        raise Stop("That is not an image reference. Give registry/name:tag@sha256:…")
    if "@sha256:" not in image:
        print("Note: without a digest RunPod may keep using an older image of the same tag.")
    # An empty id makes a stack that used an existing endpoint create its own.
    return {"WorkerImage": image, "RunpodEndpointId": ""}


def _read_runpod_key(stack: Stack | None) -> str | None:
    """Return a new key, or None to keep the deployed one. Raises Stop."""
    key = os.environ.get("RUNPOD_API_KEY", "").strip()
    if not key and stack is None:
        if not sys.stdin.isatty():
            raise Stop("The RunPod API key is missing: set RUNPOD_API_KEY.")
        key = getpass.getpass("RunPod API key (not shown): ").strip()
    if key and not re.fullmatch(r"[A-Za-z0-9_-]{16,200}", key):
        raise Stop("That is not a RunPod API key. It has 16 or more letters, digits, _ and -.")
    return key or None


def check_runpod_key(key: str, parameters: dict[str, str]) -> None:
    """Check that the key may use the existing endpoint, or may create one. Raises Stop."""
    if endpoint := parameters.get("RunpodEndpointId"):
        url, needs = f"{parameters.get('RunpodApiUrl') or RUNPOD_JOBS}/{endpoint}/health", f"to use endpoint {endpoint}"
    else:
        url = f"{parameters.get('RunpodManagementUrl') or RUNPOD}/v2/serverless"
        needs = "to read and write endpoints"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}", "User-Agent": AGENT})
    try:
        urllib.request.urlopen(request, timeout=15).close()
    except urllib.error.HTTPError as error:
        # A response of a proxy or a bot filter does not depend on the key.
        if error.code == 401 or (error.code == 403 and "json" in error.headers.get_content_type()):
            raise Stop(f"RunPod refuses this API key. It needs {needs}.") from None
        if error.code == 404 and endpoint:
            raise Stop(f"RunPod has no endpoint {endpoint} for this key. Check ENDPOINT=.") from None
        print(f"Note: the RunPod key was not verified (HTTP {error.code}); continuing.")
    except OSError:
        print("Note: the RunPod key was not verified (no response); continuing.")


def _create_first_caller() -> dict[str, str]:
    key, digest = new_key()
    return {"ApiKey": key, "ApiKeySha256": digest, "CallbackSecret": new_callback_secret()}


def _choose_reservation(account: Account) -> str:
    if account.unreserved_executions() - RESERVED >= MIN_UNRESERVED:
        return "true"
    print(
        "Note: this account has too little Lambda concurrency to reserve; sweeper and callbacks share it with the API."
    )
    return "false"


def _deploy(options: argparse.Namespace, account: Account, parameters: dict[str, str]) -> None:
    # Every user can read a command line, only the owner this folder. SAM leaves its packages in it, too.
    with tempfile.TemporaryDirectory(prefix="api-gpu-") as folder:
        file = Path(folder, "parameters.yaml")
        file.write_text(json.dumps(parameters))
        # `sam delete` empties the prefix.
        sam("deploy", "--stack-name", options.stack, "--region", account.region, "--s3-prefix", options.stack,
            "--no-confirm-changeset", "--parameter-overrides", f"file://{file}", TMPDIR=folder)  # fmt: skip


def _print_summary(outputs: dict[str, str], caller: dict[str, str]) -> None:
    url, key = outputs["ApiUrl"], caller.get("ApiKey", "your key")
    print(f"\nAPI        {url}\ndashboard  {outputs['DashboardUrl']}\nendpoint   {outputs['EndpointId']}")
    if caller:
        print(f"\nShown only once, keep them:\nAPI key          {key}\ncallback secret  {caller['CallbackSecret']}")
    print(f"""
curl -s {url}/video/img2vid -H 'X-API-Key: {key}' -H 'Content-Type: application/json' \\
  -H 'Prefer: wait=25' -d '{{"url_image": "https://example.com/photo.jpg", "size": "1080x1920"}}'""")


def _prompt(question: str) -> str:
    if not sys.stdin.isatty():
        raise Stop("The worker's image is missing: make deploy IMAGE=registry/name:tag@sha256:…")
    return input(question).strip()


if __name__ == "__main__":
    sys.exit(run_command(main))
