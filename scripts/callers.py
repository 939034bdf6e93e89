"""List or change the callers of the API.

  make callers                                     owners, the prefix of each key's SHA-256, and their callback secrets
  make callers DO="add-key OWNER"                  a new API key, printed once
  make callers DO="rotate-key OWNER"               the same, and the commands that revoke the older keys
  make callers DO="revoke-key SHA256"              a unique prefix is enough
  make callers DO="add-callback-secret OWNER"      a new one, printed once; the previous one keeps signing too
  make callers DO="drop-callback-secrets OWNER"    remove all but the newest

Another stack or region: add STACK=… REGION=….

Changes are written to the stack's secret. They take effect within a minute, when the functions read it again. If two
operators change it at the same moment, the second change is refused as a whole.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import secrets
import sys
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from stack import DEFAULT_STACK, Account, Stop, call_aws, run_command

Callers = dict[str, Any]
_SHOWN_DIGITS = 12
"""Digits of the SHA-256 in lists and in `created`."""
_CURRENT, _NEXT = "AWSCURRENT", "NEXT"
"""Labels of a secret's versions: the one that the functions read, and the one being written."""
_USAGE = __doc__.split("\n\n")[1].partition("\n")[2]
_OWNER = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="make callers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stack", default=DEFAULT_STACK)
    parser.add_argument("--region")
    parser.add_argument("action", nargs="?", default="list", choices=["list", *CHANGES])
    parser.add_argument("whose", nargs="?", default="", metavar="OWNER or SHA256")
    options = parser.parse_args(arguments)
    account = Account(options.region)
    stack = account.stack(options.stack)
    if stack is None:
        raise Stop("There is no such stack in this region. Check STACK= and REGION=.")
    vault, arn = account.client("secretsmanager"), stack.outputs["CallersSecretArn"]
    version, callers = read(vault, arn)
    if options.action == "list":
        print("\n".join(list_callers(callers)) or "no callers")
        print(f"\nTo change it:\n{_USAGE}")
        return
    message = CHANGES[options.action](callers, options.whose)
    replace(vault, arn, version, callers)
    print(message)
    print("It takes effect within a minute.")


def read(vault: Any, arn: str) -> tuple[str, Callers]:
    """Return the id of the secret's current version, and the callers in it. Raises Stop."""
    found = call_aws(lambda: vault.get_secret_value(SecretId=arn, VersionStage=_CURRENT))
    callers: Callers = json.loads(found["SecretString"])
    return str(found["VersionId"]), callers


def replace(vault: Any, arn: str, version: str, callers: Callers) -> None:
    """Replace that version by these callers. Raises Stop if it is no longer the current one.

    Otherwise a change based on an older version would undo a newer one: a key just revoked would be valid again.
    """
    text = json.dumps(callers)
    new = call_aws(lambda: vault.put_secret_value(SecretId=arn, SecretString=text, VersionStages=[_NEXT]))["VersionId"]

    def move_label() -> None:
        try:
            # AWS refuses to remove the label from a version that does not have it.
            vault.update_secret_version_stage(
                SecretId=arn, VersionStage=_CURRENT, MoveToVersionId=new, RemoveFromVersionId=version
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidParameterException":
                raise
            # A repeated request after a lost response gets the same error.
            if read(vault, arn)[0] != new:
                raise Stop("Another operator has just changed the callers. Nothing was changed: try again.") from None

    call_aws(move_label)


def new_key() -> tuple[str, str]:
    """Return an API key and its SHA-256, the only part that is stored."""
    key = f"ag_{secrets.token_urlsafe(32)}"
    return key, hashlib.sha256(key.encode()).hexdigest()


def new_callback_secret() -> str:
    """Return a secret as Standard Webhooks defines it: `whsec_` and 32 bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def list_callers(callers: Callers) -> list[str]:
    """Return a line per key and per owner with callback secrets, sorted."""
    days = callers.get("created", {})
    keys = [
        f"{owner}  key {digest[:_SHOWN_DIGITS]}  {days.get(digest[:_SHOWN_DIGITS], '')}".rstrip()
        for digest, owner in callers["api_keys"].items()
    ]
    return sorted(keys + [f"{owner}  {len(s)} callback secrets" for owner, s in callers["callback_secrets"].items()])


def add_key(callers: Callers, owner: str) -> str:
    key, digest = new_key()
    callers["api_keys"][digest] = _check_owner(owner)
    callers.setdefault("created", {})[digest[:_SHOWN_DIGITS]] = f"{datetime.now(UTC):%Y-%m-%d}"
    return f"API key of {owner}, shown only once: {key}"


def rotate_key(callers: Callers, owner: str) -> str:
    older_keys = [digest[:_SHOWN_DIGITS] for digest, key_owner in callers["api_keys"].items() if key_owner == owner]
    if not older_keys:
        raise Stop("This owner has no key. `list` shows all keys, `add-key` creates one.")
    revoke = (f'make callers DO="revoke-key {prefix}"' for prefix in older_keys)
    return "\n".join([add_key(callers, owner), "When the new key is in use:", *revoke])


def revoke_key(callers: Callers, prefix: str) -> str:
    matching = [digest for digest in callers["api_keys"] if prefix and digest.startswith(prefix)]
    if len(matching) != 1:
        raise Stop(f"{len(matching)} keys have this prefix. `list` shows all keys.")
    callers.get("created", {}).pop(matching[0][:_SHOWN_DIGITS], None)
    return f"A key of {callers['api_keys'].pop(matching[0])} is revoked."


def add_callback_secret(callers: Callers, owner: str) -> str:
    secret = new_callback_secret()
    older: list[str] = callers["callback_secrets"].get(_check_owner(owner), [])
    callers["callback_secrets"][owner] = [secret, *older[:1]]
    return f"Callback secret of {owner}, shown only once: {secret}"


def drop_callback_secrets(callers: Callers, owner: str) -> str:
    if owner not in callers["callback_secrets"]:
        raise Stop("This owner has no callback secret. `list` shows all.")
    del callers["callback_secrets"][owner][1:]
    return f"{owner} has one callback secret."


CHANGES = {
    "add-key": add_key,
    "rotate-key": rotate_key,
    "revoke-key": revoke_key,
    "add-callback-secret": add_callback_secret,
    "drop-callback-secrets": drop_callback_secrets,
}


def _check_owner(owner: str) -> str:
    if not _OWNER.fullmatch(owner):
        raise Stop("An owner's name has 1 to 63 lowercase letters, digits, _ and -, and starts with a letter or digit.")
    return owner


if __name__ == "__main__":
    sys.exit(run_command(main))
