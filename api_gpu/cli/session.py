"""The settings, the streams and the client of every command, and the options that all commands share."""

from __future__ import annotations

import getpass
import os
import sys
import time
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from api_gpu import Client
from api_gpu.cli.exits import usage
from api_gpu.cli.output.console import Console
from api_gpu.cli.settings.profiles import user_file
from api_gpu.cli.settings.resolve import Options, Settings, read_key_file, resolve

PANEL = "Every command"


@dataclass(frozen=True, slots=True)
class Common:
    """The options that every command has."""

    json: Annotated[bool, typer.Option("--json", help="print one JSON object", rich_help_panel=PANEL)] = False
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="no progress, only errors", rich_help_panel=PANEL)] = (
        False
    )
    verbose: Annotated[
        int,
        typer.Option(
            "-v",
            "--verbose",
            count=True,
            metavar="",
            show_default=False,
            help="say more; -vv with tracebacks",
            rich_help_panel=PANEL,
        ),
    ] = 0
    no_input: Annotated[bool, typer.Option("--no-input", help="never ask", rich_help_panel=PANEL)] = False
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="the settings to use", rich_help_panel=PANEL)
    ] = None
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="the address of the API", rich_help_panel=PANEL)
    ] = None
    key_file: Annotated[
        str | None,
        typer.Option("--key-file", metavar="FILE", help="read the API key from it; - is stdin", rich_help_panel=PANEL),
    ] = None


def _make_client(settings: Settings) -> Client:
    return Client(settings.need_url(), settings.need_key())


def _open_page(url: str) -> bool:
    return webbrowser.open(url)


@dataclass(frozen=True)
class World:
    """The outside of the command, which tests replace."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    folder: Path = field(default_factory=Path.cwd)
    user_file: Path = field(default_factory=user_file)
    make_client: Callable[[Settings], Client] = _make_client
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    open_page: Callable[[str], bool] = _open_page
    ask_secret: Callable[[str], str] = getpass.getpass


@dataclass(frozen=True)
class Session:
    """One run of a command."""

    world: World
    common: Common
    console: Console
    stdin: TextIO

    @cached_property
    def stated_key(self) -> str | None:
        """The key of `--key-file`. Raises Stop if it cannot be read."""
        name = self.common.key_file
        return None if name is None else read_key_file(name, self.stdin.readline() if name == "-" else "")

    @cached_property
    def settings(self) -> Settings:
        """The settings in force. Raises Stop."""
        options = Options(self.common.url, self.common.profile, self.stated_key)
        found = resolve(options, self.world.environ, self.world.folder, self.world.user_file)
        for note in found.notes:
            self.console.warn(f"note: {note}")
        self.console.detail(f"profile {found.profile.text}; " + "; ".join(
            f"{name} from {value.source}" for name, value in (("address", found.url), ("key", found.key)) if value
        ))  # fmt: skip
        return found

    @cached_property
    def client(self) -> Client:
        """The client. Raises Stop if there is no address or no key."""
        return self.world.make_client(self.settings)

    def close(self) -> None:
        """Close the connections of the client, if there is one."""
        client = self.__dict__.get("client")
        if client is not None:
            client.close()

    @property
    def can_ask(self) -> bool:
        """True if a person is there to answer."""
        return not self.common.no_input and self.stdin.isatty()

    def ask(self, question: str) -> str:
        """Return the answer of the person, which may be empty. Raises EOFError if there is none."""
        self.console.draw(question)
        answer = self.stdin.readline()
        if not answer:
            raise EOFError
        return answer.strip()

    def call(self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """Send one request, with the client's retries."""
        given = {name: value for name, value in (params or {}).items() if value is not None}
        return self.client.request(method, path, json=json, params=given or None)

    def read_stdin(self, flag: str) -> str:
        """Return the text that is piped in. Raises Stop if there is none."""
        if self.stdin.isatty():
            raise usage(f"{flag} -: nothing is piped in")
        return self.stdin.read()


def open_session(world: World, common: Common, out: TextIO, err: TextIO) -> Session:
    """Start a run."""
    console = Console(
        out, err, world.environ, is_json=common.json, is_quiet=common.quiet, verbose=common.verbose
    )  # fmt: skip
    return Session(world, common, console, sys.stdin)
