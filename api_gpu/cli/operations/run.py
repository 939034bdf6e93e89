"""Run one operation: upload, submit, wait, save."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api_gpu import Job
from api_gpu.cli.exits import Code, Stop
from api_gpu.cli.operations.arguments import Request
from api_gpu.cli.operations.dry_run import print_estimate
from api_gpu.cli.operations.follow import finish, follow
from api_gpu.cli.operations.job_options import JobOptions
from api_gpu.cli.operations.uploads import upload_all
from api_gpu.cli.output.files import check_files, plan_files
from api_gpu.cli.output.progress import Progress
from api_gpu.cli.session import Session
from contract.documentation.command_line import is_folder_name


def run_operation(session: Session, request: Request, options: JobOptions) -> None:
    """Run one operation to its end, as far as the options say. Raises Stop and the client's errors."""
    body = {**request.body, **options.submit_fields()}
    if not (options.no_wait or options.dry_run or options.no_download):
        targets = plan_files(options.output, request.artifacts)
        makes_folder = options.output is not None and is_folder_name(options.output)
        check_files(targets.values(), request.files, force=options.force, makes_folder=makes_folder)
    client = session.client
    progress = Progress(session.console, session.world.clock, as_json=session.console.is_json and options.watch)
    try:
        sent: dict[str, Any] = _replace(body, upload_all(client, list(request.files), progress))
    except KeyboardInterrupt:
        progress.close()
        raise Stop(Code.INTERRUPTED, "interrupted; nothing was submitted", problem="interrupted") from None
    finally:
        progress.close()
    if options.dry_run:
        print_estimate(session.console, client.dry_run(request.kind, sent))
        return
    job = _submit(session, request.kind, sent, options)
    if options.no_wait:
        if session.console.is_json:
            session.console.json(job.data)
        else:
            session.console.data(job.id)
        return
    follow(session, job, progress, timeout=options.timeout, cancel_on_interrupt=options.cancel_on_interrupt)
    finish(session, job, options)


def _replace(value: Any, names: Mapping[Path, str]) -> Any:
    if isinstance(value, Path):
        return names[value]
    if isinstance(value, Mapping):
        return {name: _replace(entry, names) for name, entry in value.items()}
    return [_replace(entry, names) for entry in value] if isinstance(value, list) else value


def _submit(session: Session, kind: str, body: dict[str, Any], options: JobOptions) -> Job:
    key = options.idempotency_key or str(uuid.uuid4())
    try:
        job = session.client.submit(kind, body, idempotency_key=key)
    except KeyboardInterrupt:
        sentence = f"interrupted; if a job was made, the same command with --idempotency-key {key} finds it"
        raise Stop(Code.INTERRUPTED, sentence, problem="interrupted") from None
    session.console.detail(f"job {job.id}")
    return job
