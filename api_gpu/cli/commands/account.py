"""Sign in and out, and who one is."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api_gpu.cli.exits import Code, Stop, usage
from api_gpu.cli.session import Session
from api_gpu.cli.settings import profiles
from api_gpu.cli.settings.resolve import Settings, Value, check_url


def login(
    session: Session,
    no_check: Annotated[bool, typer.Option("--no-check", help="store without asking the API")] = False,
) -> None:
    """Store the address of the API and a key."""
    before = session.settings
    url = session.common.url or (before.url.text if before.url else "")
    if session.can_ask and not session.common.url:
        url = session.ask(f"Address of the API [{url}]: " if url else "Address of the API: ") or url
    if not url:
        raise usage("name the address of the API with --url")
    url = check_url(url, "--url")
    key = _read_key(session)
    settings = Settings(before.profile, Value(url, "--url"), Value(key, "login"), None)
    if not no_check:
        with session.world.make_client(settings) as client:
            client.request("GET", "/jobs", params={"limit": 1})
    profiles.change(session.world.user_file, before.profile.text, {"url": url, "api_key": key})
    if session.console.is_json:
        session.console.json({"profile": before.profile.text, "url": url, "file": str(session.world.user_file)})
    session.console.say(f"signed in to {url} as profile {before.profile.text}; stored in {session.world.user_file}")


def logout(session: Session) -> None:
    """Remove the stored key."""
    profile = session.settings.profile.text
    had_key = profiles.has_key(session.world.user_file, profile)
    if had_key:
        profiles.change(session.world.user_file, profile, {"api_key": None})
    if session.console.is_json:
        session.console.json({"profile": profile, "signed_in": False})
    if had_key:
        session.console.say(f"the key of profile {profile} is removed; `make callers` revokes it at the server")
    else:
        session.console.say(f"profile {profile} has no stored key")
    if "API_GPU_KEY" in session.world.environ:
        session.console.warn("note: API_GPU_KEY is still set")


def whoami(session: Session) -> None:
    """Show which API and which key are used, and check them."""
    settings = session.settings
    url, key = settings.need_url(), settings.need_key()
    session.call("GET", "/jobs", params={"limit": 1})
    sources = {"url": settings.url, "key": settings.key}
    answer: dict[str, Any] = {
        "url": url, "profile": settings.profile.text, "key": masked(key), "valid": True,
        "from": {name: value.source for name, value in sources.items() if value},
    }  # fmt: skip
    if session.console.is_json:
        session.console.json(answer)
        return
    session.console.table(("SETTING", "VALUE", "FROM"), [
        ("address", url, answer["from"].get("url", "")),
        ("key", f"{answer['key']} (accepted)", answer["from"].get("key", "")),
        ("profile", settings.profile.text, settings.profile.source),
    ])  # fmt: skip


def masked(key: str) -> str:
    """Return enough of a key to recognize it."""
    return f"{key[:3]}…{key[-4:]}" if len(key) >= 16 else "…"


def _read_key(session: Session) -> str:
    stated = session.stated_key
    if stated is not None:
        return stated
    if session.can_ask:
        key = session.world.ask_secret("API key: ").strip()
    elif session.stdin.isatty():
        raise usage("pipe the key in, or name its file with --key-file")
    else:
        key = session.stdin.readline().strip()
    if not key or any(character.isspace() for character in key):
        raise Stop(Code.USAGE, "a key is one word; nothing was stored")
    return key
