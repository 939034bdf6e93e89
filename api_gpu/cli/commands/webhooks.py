"""Callbacks: forward them to this machine, test them, see what was sent, send again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from api_gpu import NotFoundError
from api_gpu.cli.commands.files import seconds_of
from api_gpu.cli.commands.jobs import JobId
from api_gpu.cli.exits import Code, Stop, usage
from api_gpu.cli.listen.feed import Feed
from api_gpu.cli.listen.forward import Forwarder, check_target
from api_gpu.cli.listen.loop import Choice, Loop
from api_gpu.cli.operations.job_options import split_events
from api_gpu.cli.output.units import age, utc_now
from api_gpu.cli.session import Session
from contract.events import TEST

_VERIFY_HINT = (
    "The webhook-* headers are signed with your whsec_… secret, which the API never shows: `make up` prints it as "
    "callback secret, and your operator has that of a deployed API (docs/cli.md#verify)"
)


def listen(
    session: Session,
    forward_to: Annotated[
        str | None, typer.Option("--forward-to", metavar="URL", help="such as http://localhost:5678/webhook")
    ] = None,
    events: Annotated[
        str | None, typer.Option("--events", metavar="NAMES", help="only these: completed,failed,progress,…")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="also earlier ones: 10m, 2h, or RFC 3339")
    ] = None,
    from_now: Annotated[bool, typer.Option("--from-now", help="only new ones; this is the default")] = False,
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="send to other machines, too")] = False,
) -> None:
    """Forward deliveries to a program on this machine.

    Without --forward-to, deliveries of jobs that were submitted with the webhook URL listen:http://localhost:… go to
    that URL, and others are printed.
    """
    if from_now and since:
        raise usage("--from-now or --since; leave out one of the two")
    if forward_to is not None:
        check_target(forward_to, "--forward-to", allow_remote=allow_remote)
    names = frozenset(split_events(events or "", "--events", also=[TEST]))
    feed = Feed(
        lambda params: session.call("GET", "/webhooks/deliveries", params=params),
        None if since is None else moment_of(since, utc_now()),
    )
    session.console.say(_VERIFY_HINT)
    forwarder = Forwarder(session.world.sleep)
    loop = Loop(session.console, feed, forwarder, Choice(forward_to, names, allow_remote), session.world.sleep)
    try:
        loop.run()
    finally:
        forwarder.close()
        if loop.undelivered:
            session.console.warn(f"{loop.undelivered} not accepted; `api-gpu webhooks resend JOB` sends one again")


def send_test(
    session: Session,
    target: Annotated[str | None, typer.Argument(metavar="[URL]", help="by default your default URL")] = None,
) -> None:
    """Send a signed test delivery now and show the answer."""
    answer: dict[str, Any] = dict(session.client.test_webhook(target))
    if session.console.is_json:
        session.console.json(answer)
    else:
        session.console.data(f"{answer.get('result')}  {answer.get('duration_ms')} ms")
    if answer.get("response"):
        session.console.say(f"the receiver answered: {answer['response']}")
    if answer.get("status") == "held":
        session.console.say("held for `api-gpu webhooks listen`")
    elif answer.get("status") == "failed":
        raise Stop(Code.FAILED, "the receiver did not accept the test", problem="not_delivered", is_printed=True)


def deliveries(
    session: Session,
    job: Annotated[str | None, typer.Argument(metavar="[JOB]", help="only those of this job")] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=100, help="at most N, up to 100")] = 20,
) -> None:
    """List what was sent, newest first."""
    found = session.call("GET", "/webhooks/deliveries", params={"job_id": job, "limit": limit})
    if session.console.is_json:
        session.console.json(found)
        return
    rows = [
        (
            age(entry.get("created_at"), utc_now()), str(entry.get("type")), str(entry.get("job_id") or "-"),
            str(entry.get("attempt")), str(entry.get("status")), str(entry.get("result") or ""),
            str(entry.get("url") or ""), str(entry.get("response") or "")[:80],
        )
        for entry in found["deliveries"]
    ]  # fmt: skip
    session.console.table(("AGE", "TYPE", "JOB", "ATTEMPT", "STATUS", "RESULT", "URL", "ANSWER"), rows)


def resend(session: Session, job: JobId) -> None:
    """Send the callback of a finished job again, with the same id and a new signature."""
    answer: Any = session.client.redeliver(job)
    if session.console.is_json:
        session.console.json(getattr(answer, "data", answer))
    else:
        session.console.data(job)


def default(
    session: Session,
    target: Annotated[str | None, typer.Argument(metavar="[URL]", help="set it; leave out to show it")] = None,
    events: Annotated[str | None, typer.Option("--events", metavar="NAMES", help="only these")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="remove it")] = False,
) -> None:
    """Show or set the URL for jobs that name none."""
    if delete and target:
        raise usage("--delete or a URL; leave out one of the two")
    if events is not None and not target:
        raise usage("--events belong to a URL; name it, too")
    if delete:
        session.client.delete_webhook_default()
        answer: dict[str, Any] = {"url": None, "events": None}
    elif target:
        answer = dict(
            session.client.set_webhook_default(target, split_events(events, "--events") if events is not None else None)
        )
    else:
        answer = _find_default(session)
    if session.console.is_json:
        session.console.json(answer)
    elif answer.get("url"):
        session.console.data(str(answer["url"]))
        if answer.get("events") is not None:
            session.console.say(f"only {', '.join(answer['events']) or 'no events'}")
    else:
        session.console.say("there is no default URL")


def _find_default(session: Session) -> dict[str, Any]:
    try:
        return dict(session.client.webhook_default())
    except NotFoundError:
        return {"url": None, "events": None}


def moment_of(text: str, now: datetime) -> datetime:
    """Return the moment of "10m" (so long ago), of a date (UTC), or of an RFC 3339 time. Raises Stop."""
    if text[:1].isdigit() and text[-1:].lower() in {"s", "m", "h", "d"}:
        return now - timedelta(seconds=seconds_of(text))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    # As the API: without a zone, a time of this machine would be taken for one in UTC.
    if found is None or (found.tzinfo is None and len(text) > len("2026-11-30")):
        raise usage(f"--since {text}: give 10m or 2h, a date, or a time with its zone such as 2026-11-30T12:00:00Z")
    return found if found.tzinfo else found.replace(tzinfo=UTC)
