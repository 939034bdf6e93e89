"""Saving a file: continued where it broke off, verified, and only then under its name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api_gpu.core import job_calls
from api_gpu.core.downloads import target_path
from api_gpu.core.effects import Fetch, Response
from api_gpu.errors import APIConnectionError, ApiGpuError, DownloadError, JobFailed, UnauthorizedError
from api_gpu.job_data import JobData
from tests.support.flows import LOST, Played, reply

BYTES = b"0123456789" * 100
URL = "https://bucket.example.com/output.mp4?X-Amz-Signature=s"


def finished(data: bytes = BYTES, url: str | None = URL, **more: Any) -> dict[str, Any]:
    entry = {"name": "output.mp4", "url": url, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return {"job_id": "j1", "status": "COMPLETED", "artifacts": [entry], **more}


def serve(data: bytes = BYTES, until: int | None = None, error: Exception | None = None) -> Callable[[Any], Any]:
    """Answer as storage does, with ranges; break off after `until` bytes."""

    def answer(effect: Any) -> Response | Exception:
        assert isinstance(effect, Fetch)
        start = int(effect.request.headers.get("Range", "bytes=0-")[6:-1])
        head = {"content_range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        response = reply(206 if start else 200, b"", **head)
        effect.sink.begin(response)
        try:
            effect.sink.write(data[start:until])
        finally:
            effect.sink.end()
        return error or response

    return answer


def save(played: Played, path: object = None, job: dict[str, Any] | None = None, **options: Any) -> Path:
    handle = JobData("j1", job or finished())
    saved = played.run(job_calls.save(played.context(**options), handle, None, path, None))  # type: ignore[arg-type]
    assert isinstance(saved, Path)
    return saved


def test_file_gets_its_name_when_it_is_complete(tmp_path: Path) -> None:
    played = Played([serve()])
    saved = save(played, tmp_path)
    assert saved == tmp_path / "output.mp4"
    assert saved.read_bytes() == BYTES
    assert [path.name for path in tmp_path.iterdir()] == ["output.mp4"]
    assert "X-API-Key" not in played.requests[0].headers


def test_download_continues_where_it_broke_off(tmp_path: Path) -> None:
    played = Played([serve(until=300, error=LOST), serve(until=700), reply(503), serve()])
    assert save(played, tmp_path / "a.mp4").read_bytes() == BYTES
    assert [request.headers.get("Range") for request in played.requests] == [
        None,
        "bytes=300-",
        "bytes=700-",
        "bytes=700-",
    ]
    # A connection that brought something starts the count of failures anew.
    assert played.sleeps == [0.5, 0.5, 1.0]


def test_download_of_an_earlier_process_is_continued(tmp_path: Path) -> None:
    (tmp_path / "a.mp4.part").write_bytes(BYTES[:400])
    played = Played([serve()])
    assert save(played, tmp_path / "a.mp4").read_bytes() == BYTES
    assert played.requests[0].headers["Range"] == "bytes=400-"


def test_remains_of_another_file_are_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "a.mp4.part").write_bytes(b"x" * 400)
    played = Played([serve()])
    assert save(played, tmp_path / "a.mp4").read_bytes() == BYTES
    assert [request.headers.get("Range") for request in played.requests] == ["bytes=400-", None]


def test_complete_remains_need_no_request(tmp_path: Path) -> None:
    (tmp_path / "a.mp4.part").write_bytes(BYTES)
    played = Played([reply(500)])
    assert save(played, tmp_path / "a.mp4").read_bytes() == BYTES
    assert played.requests == []


def test_storage_that_ignores_ranges_starts_anew(tmp_path: Path) -> None:
    (tmp_path / "a.mp4.part").write_bytes(BYTES[:400])

    def whole(effect: Any) -> Response:
        effect.sink.begin(reply(200))
        effect.sink.write(BYTES)
        effect.sink.end()
        return reply(200)

    assert save(Played([whole]), tmp_path / "a.mp4").read_bytes() == BYTES


def test_wrong_bytes_are_not_published(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="SHA-256"):
        save(Played([serve(b"x" * len(BYTES))]), tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_too_many_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="more than the 1000 bytes"):
        save(Played([serve(BYTES + b"x")]), tmp_path / "a.mp4")


def test_expired_url_is_renewed_once(tmp_path: Path) -> None:
    new = finished(url="https://bucket.example.com/output.mp4?new")
    played = Played([reply(403, b"<Error><Code>AccessDenied</Code></Error>"), reply(200, new), serve()])
    assert save(played, tmp_path).read_bytes() == BYTES
    assert [request.url.rpartition("/")[2] for request in played.requests] == [
        "output.mp4?X-Amz-Signature=s",
        "j1",
        "output.mp4?new",
    ]
    played = Played([reply(403), reply(200, new), reply(403)])
    with pytest.raises(UnauthorizedError):
        save(played, tmp_path / "b.mp4")


def test_file_without_a_url_is_read_again(tmp_path: Path) -> None:
    played = Played([reply(200, finished()), serve()])
    assert save(played, tmp_path, finished(url=None)).read_bytes() == BYTES
    with pytest.raises(ApiGpuError, match="no URL"):
        save(Played([reply(200, finished(url=None))]), tmp_path / "b.mp4", finished(url=None))


def test_retries_of_a_download_are_spent(tmp_path: Path) -> None:
    played = Played([LOST])
    with pytest.raises(APIConnectionError):
        save(played, tmp_path, max_retries=2)
    assert len(played.requests) == 3
    with pytest.raises(DownloadError, match="only 0 of 1000 bytes"):
        save(Played([serve(until=0)]), tmp_path / "c.mp4", max_retries=0)


def test_relative_url_is_of_the_api(tmp_path: Path) -> None:
    played = Played([serve()])
    save(played, tmp_path, finished(url="/files/output.mp4"))
    assert played.requests[0].url == "https://api.example.com/files/output.mp4"


def test_all_files_go_into_a_folder(tmp_path: Path) -> None:
    job = finished()
    job["artifacts"].append(job["artifacts"][0] | {"name": "poster.jpg"})
    played = Played([serve()])
    saved = played.run(job_calls.save_all(played.context(), JobData("j1", job), tmp_path / "new", None))
    assert saved == [tmp_path / "new" / "output.mp4", tmp_path / "new" / "poster.jpg"]
    assert all(path.read_bytes() == BYTES for path in saved)


def test_job_without_the_file_says_what_it_has() -> None:
    played = Played([reply(500)])
    with pytest.raises(ApiGpuError, match=r"no file poster\.jpg; it has output\.mp4"):
        played.run(job_calls.save(played.context(), JobData("j1", finished()), "poster.jpg", None, None))


def test_job_that_is_not_finished_is_read_again(tmp_path: Path) -> None:
    running = {"job_id": "j1", "status": "IN_PROGRESS", "artifacts": []}
    with pytest.raises(ApiGpuError, match="IN_PROGRESS and has no files"):
        save(Played([reply(200, running)]), tmp_path, running)
    assert save(Played([reply(200, finished()), serve()]), tmp_path, running).read_bytes() == BYTES
    failed = {"job_id": "j1", "status": "FAILED", "error": {"code": "media_unreadable", "message": "No."}}
    with pytest.raises(JobFailed):
        save(Played([reply(200, failed)]), tmp_path, running)


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", ".", "", "a\\b", "/etc/passwd"])
def test_name_that_leaves_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ApiGpuError, match="not safe"):
        target_path(tmp_path, name)


def test_path_is_a_file_or_a_folder(tmp_path: Path) -> None:
    assert target_path(None, "a.mp4") == Path("a.mp4")
    assert target_path(tmp_path, "a.mp4") == tmp_path / "a.mp4"
    assert target_path(f"{tmp_path}/new/", "a.mp4") == tmp_path / "new" / "a.mp4"
    assert target_path(tmp_path / "b.mp4", "a.mp4") == tmp_path / "b.mp4"


def test_progress_of_a_download_never_goes_backwards(tmp_path: Path) -> None:
    (tmp_path / "a.mp4.part").write_bytes(b"x" * 400)
    seen: list[tuple[str, int, int]] = []
    played = Played([serve(until=600, error=LOST), serve()])
    played.run(
        job_calls.save(
            played.context(), JobData("j1", finished()), None, tmp_path / "a.mp4", lambda *it: seen.append(it)
        )
    )
    assert [it[1] for it in seen] == sorted(it[1] for it in seen)
    assert seen[-1] == ("output.mp4", 1000, 1000)
