"""The settings that are stored."""

from __future__ import annotations

from typing import Annotated

import typer

from api_gpu.cli.commands.account import masked
from api_gpu.cli.exits import Code, Stop, usage
from api_gpu.cli.session import Session
from api_gpu.cli.settings import profiles
from api_gpu.cli.settings.resolve import Value, check_url

_NAMES = ("profile", "url", "api_key")

Name = Annotated[str, typer.Argument(metavar="NAME", help="profile, url or api_key", show_default=False)]


def list_settings(session: Session) -> None:
    """Show the settings in force and where they come from."""
    found = {name: _of(session, name) for name in _NAMES}
    if session.console.is_json:
        session.console.json({
            name: None if value is None else {"value": _shown(name, value), "from": value.source}
            for name, value in found.items()
        })  # fmt: skip
        return
    rows = [(name, _shown(name, value), value.source) for name, value in found.items() if value]
    session.console.table(("NAME", "VALUE", "FROM"), rows)


def get(session: Session, name: Name) -> None:
    """Print one setting; a key is never printed whole."""
    _check(name)
    value = _of(session, name)
    if value is None:
        raise Stop(Code.NOT_FOUND, f"{name} is not set", problem="not_set")
    if session.console.is_json:
        session.console.json({"name": name, "value": _shown(name, value), "from": value.source})
    else:
        session.console.data(_shown(name, value))


def set_value(
    session: Session,
    name: Name,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="the text", show_default=False)],
) -> None:
    """Store a setting in the user's file."""
    _check(name)
    if name == "api_key":
        raise usage("a key in the command line is seen by others; use `api-gpu login`")
    if name == "profile":
        profiles.choose(session.world.user_file, value)
    else:
        profile = session.settings.profile.text
        profiles.change(session.world.user_file, profile, {"url": check_url(value, "url")})
    if session.console.is_json:
        session.console.json({"name": name, "value": value})


def unset(session: Session, name: Name) -> None:
    """Remove a setting from the user's file."""
    _check(name)
    if name == "profile":
        profiles.choose(session.world.user_file, None)
    else:
        profiles.change(session.world.user_file, session.settings.profile.text, {name: None})
    if session.console.is_json:
        session.console.json({"name": name, "value": None})


def show_path(session: Session) -> None:
    """Print the place of the user's file."""
    if session.console.is_json:
        session.console.json({"path": str(session.world.user_file)})
    else:
        session.console.data(str(session.world.user_file))


def _check(name: str) -> None:
    if name not in _NAMES:
        raise usage(f"there is no setting {name}; choose one of {', '.join(_NAMES)}")


def _of(session: Session, name: str) -> Value | None:
    settings = session.settings
    return {"profile": settings.profile, "url": settings.url, "api_key": settings.key}[name]


def _shown(name: str, value: Value) -> str:
    return masked(value.text) if name == "api_key" else value.text
