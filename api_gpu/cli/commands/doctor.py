"""Checks from this machine to the GPU workers, each with what to do if it fails."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

import httpx2
import typer

from api_gpu import ApiGpuError, APIStatusError
from api_gpu.cli.errors import describe
from api_gpu.cli.exits import Code, Stop
from api_gpu.cli.session import Session
from api_gpu.version import own_version

_MAX_SKEW_SECONDS = 120
"""Standard Webhooks refuses signatures that are five minutes off."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `advice` says what to do; it is empty if all is well. `exit_code` is that of a failed one."""

    name: str
    is_ok: bool
    found: str
    advice: str = ""
    exit_code: Code = Code.FAILED


def doctor(
    session: Session,
    no_upload: Annotated[bool, typer.Option("--no-upload", help="do not upload a file of one byte")] = False,
) -> None:
    """Check the address, the key, the clock, versions, RunPod and uploads."""
    checks = []
    for check in _run(session, no_upload=no_upload):
        checks.append(check)
        if not session.console.is_json:
            mark = "✓" if check.is_ok else "✗"
            session.console.data(f"{mark} {check.name}: {check.found}" + (f"; {check.advice}" if check.advice else ""))
    failed = [check for check in checks if not check.is_ok]
    if session.console.is_json:
        shown = [{name: value for name, value in asdict(it).items() if name != "exit_code"} for it in checks]
        session.console.json({"ok": not failed, "checks": shown})
    if failed:
        sentence = f"not well: {', '.join(check.name for check in failed)}"
        raise Stop(failed[0].exit_code, sentence, problem="not_well", is_printed=True)


def _run(session: Session, *, no_upload: bool) -> Iterator[Check]:
    settings = session.settings
    if settings.url is None:
        yield Check("address", False, "not known", "run `api-gpu login`, or set API_GPU_URL", Code.SIGNED_OUT)
        return
    reached = list(_check_address(settings.url.text))
    yield from reached
    if not reached[0].is_ok:
        return
    if settings.key is None:
        advice = settings.key_refusal or "run `api-gpu login`, or set API_GPU_KEY"
        yield Check("key", False, "not known", advice, Code.SIGNED_OUT)
        return
    key = _attempt("key", lambda: session.call("GET", "/jobs", params={"limit": 1}), lambda _: "accepted",
                   "run `api-gpu login` with a valid key; `make callers` makes one")  # fmt: skip
    yield key
    if not key.is_ok:
        return
    yield _attempt("workers", lambda: session.call("GET", "/runpod/health"), _workers,
                   "jobs are kept and run when RunPod is back; see status.runpod.io")  # fmt: skip
    if not no_upload:
        yield _attempt("uploads", lambda: session.client.upload(_tiny_file()), lambda _: "a file of one byte arrived",
                       "a proxy or firewall may block the object storage; send URLs in place of files")  # fmt: skip


def _check_address(url: str) -> Iterator[Check]:
    try:
        with httpx2.Client(timeout=10) as http:
            health = http.get(f"{url}/health")
            about = http.get(f"{url}/openapi.json")
    except httpx2.HTTPError as error:
        yield Check("address", False, f"{url} cannot be reached ({type(error).__name__})",
                    "check the address and your network", Code.TRY_LATER)  # fmt: skip
        return
    if health.status_code != 200:
        code = Code.TRY_LATER if health.status_code >= 500 else Code.USAGE
        yield Check("address", False, f"{url} answers {health.status_code}",
                    "check the address: it may be another service", code)  # fmt: skip
        return
    yield Check("address", True, url)
    yield _clock(health.headers.get("date"))
    yield _version(about)


def _clock(date: str | None) -> Check:
    if not date:
        return Check("clock", True, "the server states no time")
    skew = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    is_ok = abs(skew) <= _MAX_SKEW_SECONDS
    found = "right" if abs(skew) < 2 else f"{abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
    return Check("clock", is_ok, found, "" if is_ok else "set the clock; signatures are refused when it is wrong")


def _version(about: httpx2.Response) -> Check:
    try:
        theirs = str(about.json()["info"]["version"])
    except (ValueError, KeyError, TypeError):
        return Check("version", True, f"{own_version()} here; the server does not state its own")
    ours = own_version()
    is_ok = ours.startswith("0+") or theirs.split(".")[:2] == ours.split(".")[:2]
    advice = "" if is_ok else "install the client of the server's version, or update the server"
    return Check("version", is_ok, f"{ours} here, {theirs} at the server", advice)


def _attempt(name: str, call: Callable[[], Any], tell: Callable[[Any], str], advice: str) -> Check:
    try:
        return Check(name, True, tell(call()))
    except ApiGpuError as error:
        if isinstance(error, APIStatusError) and error.status == 404:
            return Check(name, False, "the server has no such route", "update the server")
        if isinstance(error, APIStatusError) and error.status in {401, 403}:
            return Check(name, False, "refused", advice, Code.SIGNED_OUT)
        failure = describe(error)
        code = failure.code if failure else Code.FAILED
        return Check(name, False, failure.sentence if failure else str(error), advice, code)


def _workers(health: Any) -> str:
    workers, jobs = health.get("workers") or {}, health.get("jobs") or {}
    ready = sum(int(workers.get(name) or 0) for name in ("idle", "ready", "running"))
    return f"{ready} ready, {jobs.get('inQueue', jobs.get('in_queue', 0))} jobs in the queue"


def _tiny_file() -> io.BytesIO:
    file = io.BytesIO(b"\n")
    file.name = "doctor.srt"
    return file
