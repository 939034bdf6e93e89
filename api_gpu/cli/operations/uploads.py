"""Upload several files at once. Only the main thread draws, and Ctrl-C ends it at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue

from api_gpu import Client
from api_gpu.cli.output.progress import Progress

_AT_ONCE = 4


class _Sent:
    def __init__(self, path: Path, sent: int, whole: int) -> None:
        self.path, self.sent, self.whole = path, sent, whole


class _Done:
    def __init__(self, path: Path, reference: str) -> None:
        self.path, self.reference = path, reference


_Event = _Sent | _Done | Exception


def upload_all(client: Client, paths: Sequence[Path], progress: Progress) -> dict[Path, str]:
    """Upload files and return what stands for each in a request. The client sends equal ones once."""
    progress.begin_uploads(len(paths), sum(path.stat().st_size for path in paths))
    events: SimpleQueue[_Event] = SimpleQueue()
    waiting = deque(paths)
    # Daemons: an upload that was interrupted must not keep the program alive.
    for _ in range(min(_AT_ONCE, len(paths))):
        threading.Thread(target=_work, args=(client, waiting, events), daemon=True).start()
    done: dict[Path, str] = {}
    try:
        while len(done) < len(paths):
            match events.get():
                case _Sent(path=path, sent=sent, whole=whole):
                    progress.upload(path, sent, whole)
                case _Done(path=path, reference=reference):
                    done[path] = reference
                    progress.upload(path, path.stat().st_size, path.stat().st_size)
                case error:
                    raise error
    finally:
        waiting.clear()
    return done


def _work(client: Client, waiting: deque[Path], events: SimpleQueue[_Event]) -> None:
    while True:
        try:
            path = waiting.popleft()
        except IndexError:
            return
        try:
            upload = client.upload(path, on_progress=_reporter(path, events))
        except Exception as error:  # noqa: BLE001 - raised by the thread that waits
            events.put(error)
            return
        events.put(_Done(path, str(upload)))


def _reporter(path: Path, events: SimpleQueue[_Event]) -> Callable[[str, int, int], None]:
    def report(_name: str, sent: int, whole: int) -> None:
        # All bytes are sent before the storage has accepted them.
        if sent < whole:
            events.put(_Sent(path, sent, whole))

    return report
