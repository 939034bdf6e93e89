"""List who may call the API, or change it.

  make callers                                     owners, the start of each key's SHA-256, and their callback secrets
  make callers DO="add-key OWNER"                  a new API key, printed once
  make callers DO="rotate-key OWNER"               the same, and how to revoke the older keys, which work until then
  make callers DO="revoke-key SHA256"              a unique prefix is enough
  make callers DO="add-callback-secret OWNER"      a new one, printed once; the one before goes on signing too
  make callers DO="drop-callback-secrets OWNER"    remove all but the newest

Another stack or region: add STACK=… REGION=….

What is changed is in the stack's secret. It counts within a minute: the functions read it again that often. Of two who
change it at the same moment, the second is told so, and nothing of that change is kept.
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
from stack import DEFAULT_STACK, Account, Stop, asked, guarded

Callers = dict[str, Any]
_SHOWN = 12
"""Digits of a digest by which a key is listed, and its day remembered."""
_CURRENT, _NEXT = "AWSCURRENT", "NEXT"
"""Labels of a secret's versions: the one that is read, and the one that is to be."""
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
        raise Stop("There is no such stack here.")
    vault, arn = account.client("secretsmanager"), stack.outputs["CallersSecretArn"]
    version, callers = read(vault, arn)
    if options.action == "list":
        print("\n".join(listed(callers)) or "nobody")
        print(f"\nTo change it:\n{_USAGE}")
        return
    told = CHANGES[options.action](callers, options.whose)
    replace(vault, arn, version, callers)
    print(told)
    print("It counts within a minute.")


def read(vault: Any, arn: str) -> tuple[str, Callers]:
    """The secret, and which version of it that is. Raises Stop."""
    found = asked(lambda: vault.get_secret_value(SecretId=arn, VersionStage=_CURRENT))
    callers: Callers = json.loads(found["SecretString"])
    return str(found["VersionId"]), callers


def replace(vault: Any, arn: str, version: str, callers: Callers) -> None:
    """Make these the callers in place of that version. Raises Stop if it is not the current one any more.

    Else a change that was made from what stood there before would undo another: a key just revoked would be back.
    """
    text = json.dumps(callers)
    made = asked(lambda: vault.put_secret_value(SecretId=arn, SecretString=text, VersionStages=[_NEXT]))["VersionId"]

    def label() -> None:
        try:
            # AWS refuses to take the label from a version that does not have it.
            vault.update_secret_version_stage(
                SecretId=arn, VersionStage=_CURRENT, MoveToVersionId=made, RemoveFromVersionId=version
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidParameterException":
                raise
            # Also said to a repetition, after an answer that was lost.
            if read(vault, arn)[0] != made:
                raise Stop("Somebody else has just changed the callers. Nothing was changed now: try again.") from None

    asked(label)


def new_key() -> tuple[str, str]:
    """An API key, and the SHA-256 by which it is known."""
    key = f"ag_{secrets.token_urlsafe(32)}"
    return key, hashlib.sha256(key.encode()).hexdigest()


def new_callback_secret() -> str:
    """For Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def listed(callers: Callers) -> list[str]:
    days = callers.get("created", {})
    keys = [
        f"{owner}  key {digest[:_SHOWN]}  {days.get(digest[:_SHOWN], '')}".rstrip()
        for digest, owner in callers["api_keys"].items()
    ]
    return sorted(keys + [f"{owner}  {len(s)} callback secrets" for owner, s in callers["callback_secrets"].items()])


def add_key(callers: Callers, owner: str) -> str:
    key, digest = new_key()
    callers["api_keys"][digest] = _named(owner)
    callers.setdefault("created", {})[digest[:_SHOWN]] = f"{datetime.now(UTC):%Y-%m-%d}"
    return f"API key of {owner}, shown this once: {key}"


def rotate_key(callers: Callers, owner: str) -> str:
    older = [digest[:_SHOWN] for digest, whose in callers["api_keys"].items() if whose == owner]
    if not older:
        raise Stop("This owner has no key; `list` shows them, `add-key` makes one.")
    revoke = (f'make callers DO="revoke-key {start}"' for start in older)
    return "\n".join([add_key(callers, owner), "When it is in use:", *revoke])


def revoke_key(callers: Callers, start: str) -> str:
    fitting = [digest for digest in callers["api_keys"] if start and digest.startswith(start)]
    if len(fitting) != 1:
        raise Stop(f"{len(fitting)} keys start so; `list` shows them.")
    callers.get("created", {}).pop(fitting[0][:_SHOWN], None)
    return f"A key of {callers['api_keys'].pop(fitting[0])} is revoked."


def add_callback_secret(callers: Callers, owner: str) -> str:
    secret = new_callback_secret()
    older: list[str] = callers["callback_secrets"].get(_named(owner), [])
    callers["callback_secrets"][owner] = [secret, *older[:1]]
    return f"Callback secret of {owner}, shown this once: {secret}"


def drop_callback_secrets(callers: Callers, owner: str) -> str:
    if owner not in callers["callback_secrets"]:
        raise Stop("This owner has none; `list` shows them.")
    del callers["callback_secrets"][owner][1:]
    return f"{owner} has one callback secret."


CHANGES = {
    "add-key": add_key,
    "rotate-key": rotate_key,
    "revoke-key": revoke_key,
    "add-callback-secret": add_callback_secret,
    "drop-callback-secrets": drop_callback_secrets,
}


def _named(owner: str) -> str:
    if not _OWNER.fullmatch(owner):
        raise Stop("An owner is named in small letters, digits, _ and -.")
    return owner


if __name__ == "__main__":
    sys.exit(guarded(main))
