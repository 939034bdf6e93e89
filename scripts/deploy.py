"""Deploy the stack, or what has changed of it: `make deploy IMAGE=registry/name:tag@sha256:…`.

Asks for what it needs and cannot find: the worker's image and the RunPod API key (RUNPOD_API_KEY) at the first time.
Makes the first API key; the key is printed once, its hash is deployed. Later runs keep every parameter that is not
given again. No secret is on a command line or left in a file.
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
from stack import DEFAULT_STACK, Account, Stack, Stop, guarded, sam

RUNPOD, RUNPOD_JOBS = "https://api.runpod.io", "https://api.runpod.ai/v2"
AGENT = "api-gpu"
"""RunPod's front door answers 403 to the name that Python's urllib has for itself, whatever the key."""
IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9._-]+)*(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?")
RESERVED = 56
"""Executions that web hook, sweeper and callbacks set aside."""
LEFT_FOR_ALL = 100
"""What Lambda insists on leaving unreserved."""


def main(arguments: list[str]) -> None:
    options = _options(arguments)
    account = Account(options.region)
    print(f"AWS account {account.identity()}, region {account.region}, stack {options.stack}")
    stack = account.stack(options.stack)
    if stack is not None and stack.status == "ROLLBACK_COMPLETE":
        raise Stop("The first deployment failed and was rolled back. Remove what is left: `make destroy`. Then deploy.")
    parameters = {key: value for key, _, value in (given.partition("=") for given in options.parameter)}
    parameters |= _worker(options, stack, parameters)
    if key := _runpod_key(stack):
        _check_runpod_key(key, (stack.parameters if stack else {}) | parameters)
        parameters["RunpodApiKey"] = key
    if options.email:
        parameters["AlarmEmail"] = options.email
    caller = _first_caller() if stack is None else {}
    parameters |= {name: value for name, value in caller.items() if name != "ApiKey"}
    if stack is None and "ReserveConcurrency" not in parameters:
        parameters["ReserveConcurrency"] = _reserve(account)
    parameters["Deployment"] = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    sam("build")
    _deploy(options, account, parameters)
    deployed = account.stack(options.stack)
    if deployed is None or "ApiUrl" not in deployed.outputs:
        raise Stop("The stack is not there after its deployment. Look into CloudFormation.")
    _tell(deployed.outputs, caller)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make deploy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", default=DEFAULT_STACK, help="STACK=…, the stack's name")
    parser.add_argument("--region", help="REGION=…, else that of your AWS settings")
    parser.add_argument("--image", help="IMAGE=…, the worker's image as RunPod pulls it")
    parser.add_argument("--endpoint-id", help="ENDPOINT=…, an endpoint that exists, in place of an image")
    parser.add_argument("--email", help="EMAIL=…, where alarms go")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE",
                        help='PARAMETERS="WorkersMax=5 …", any other parameter of template.yaml')  # fmt: skip
    options = parser.parse_args(arguments)
    if wrong := [given for given in options.parameter if not re.match(r"[A-Za-z0-9]+=", given)]:
        parser.error(f"not NAME=VALUE: {wrong[0]}")
    if options.image and options.endpoint_id:
        parser.error("give IMAGE, for an endpoint of the stack's own, or ENDPOINT, not both")
    return options


def _worker(options: argparse.Namespace, stack: Stack | None, given: dict[str, str]) -> dict[str, str]:
    """Where jobs run: an endpoint that exists, or the image of one to be made."""
    if options.endpoint_id:
        return {"RunpodEndpointId": options.endpoint_id}
    if not options.image and (stack is not None or {"WorkerImage", "RunpodEndpointId"} & set(given)):
        return {}
    image = options.image or _asked("The worker's image, as RunPod pulls it (make image builds it): ")
    if not IMAGE.fullmatch(image):
        raise Stop("That is no image reference: registry/name:tag@sha256:…")
    if "@sha256:" not in image:
        print("Note: without its digest RunPod may go on with an older image of the same tag.")
    # A stack that was given an endpoint makes its own from now on.
    return {"WorkerImage": image, "RunpodEndpointId": ""}


def _runpod_key(stack: Stack | None) -> str | None:
    """A new one, or None to keep the one that is deployed."""
    key = os.environ.get("RUNPOD_API_KEY", "").strip()
    if not key and stack is None:
        if not sys.stdin.isatty():
            raise Stop("The RunPod API key is missing: set RUNPOD_API_KEY.")
        key = getpass.getpass("RunPod API key (not shown): ").strip()
    if key and not re.fullmatch(r"[A-Za-z0-9_-]{16,200}", key):
        raise Stop("That is no RunPod API key: 16 or more letters, digits, _ and -.")
    return key or None


def _check_runpod_key(key: str, parameters: dict[str, str]) -> None:
    """Ask what the key has to be good for: the jobs of an endpoint that exists, or making one. Raises Stop."""
    if endpoint := parameters.get("RunpodEndpointId"):
        url, needs = f"{parameters.get('RunpodApiUrl') or RUNPOD_JOBS}/{endpoint}/health", f"to use endpoint {endpoint}"
    else:
        url = f"{parameters.get('RunpodManagementUrl') or RUNPOD}/v2/serverless"
        needs = "to read and write endpoints"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}", "User-Agent": AGENT})
    try:
        urllib.request.urlopen(request, timeout=15).close()
    except urllib.error.HTTPError as error:
        # What is not RunPod's own answer says nothing about the key: a proxy, a filter of robots.
        if error.code == 401 or (error.code == 403 and "json" in error.headers.get_content_type()):
            raise Stop(f"RunPod refuses this API key. It needs {needs}.") from None
        if error.code == 404 and endpoint:
            raise Stop(f"RunPod knows no endpoint {endpoint} of this key.") from None
        print(f"Note: RunPod answered {error.code} when asked about the key; going on.")
    except OSError:
        print("Note: RunPod did not answer when asked about the key; going on.")


def _first_caller() -> dict[str, str]:
    key, digest = new_key()
    return {"ApiKey": key, "ApiKeySha256": digest, "CallbackSecret": new_callback_secret()}


def _reserve(account: Account) -> str:
    if account.unreserved_executions() - RESERVED >= LEFT_FOR_ALL:
        return "true"
    print("Note: this account has no Lambda concurrency to set aside; sweeper and callbacks share it with the API.")
    return "false"


def _deploy(options: argparse.Namespace, account: Account, parameters: dict[str, str]) -> None:
    # A command line can be read by everyone, this folder by its owner only. SAM leaves its packages in it, too.
    with tempfile.TemporaryDirectory(prefix="api-gpu-") as folder:
        file = Path(folder, "parameters.yaml")
        file.write_text(json.dumps(parameters))
        # A prefix of its own: `sam delete` empties it.
        sam("deploy", "--stack-name", options.stack, "--region", account.region, "--s3-prefix", options.stack,
            "--no-confirm-changeset", "--parameter-overrides", f"file://{file}", TMPDIR=folder)  # fmt: skip


def _tell(outputs: dict[str, str], caller: dict[str, str]) -> None:
    url, key = outputs["ApiUrl"], caller.get("ApiKey", "your key")
    print(f"\nAPI        {url}\ndashboard  {outputs['DashboardUrl']}\nendpoint   {outputs['EndpointId']}")
    if caller:
        print(f"\nShown this once, keep them:\nAPI key          {key}\ncallback secret  {caller['CallbackSecret']}")
    print(f"""
curl -s {url}/video/img2vid -H 'X-API-Key: {key}' -H 'Content-Type: application/json' \\
  -H 'Prefer: wait=25' -d '{{"url_image": "https://example.com/photo.jpg", "size": "1080x1920"}}'""")


def _asked(question: str) -> str:
    if not sys.stdin.isatty():
        raise Stop("The worker's image is missing: make deploy IMAGE=registry/name:tag@sha256:…")
    return input(question).strip()


if __name__ == "__main__":
    sys.exit(guarded(main))
