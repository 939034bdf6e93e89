"""What a user calls: settings, submits, and everything that has a route."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api_gpu import ApiGpuError, AsyncClient, AsyncJob, Client, Job, JobFailed, objects
from contract.documentation.describe import describe
from contract.operations import OPERATIONS

ROOT = Path(__file__).resolve().parents[2]
JOB = {"job_id": "j1", "status": "ACCEPTED", "progress": {"percent": 0, "stage": ""}}


class Api:
    """Answers every route as the contract says, and remembers the requests."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Any, dict[str, str]]] = []
        self.job: dict[str, Any] = dict(JOB)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        is_json = request.headers.get("content-type") == "application/json"
        body = json.loads(request.content) if is_json else None
        self.seen.append((request.method, request.url.raw_path.decode(), body, dict(request.headers)))
        path = request.url.path
        if path.endswith("/share") and request.method == "DELETE":
            return httpx2.Response(204)
        if path.endswith("/share"):
            return httpx2.Response(201, json={"url": "https://api.example.com/s/t", "expires_at": "2026-12-07"})
        if path.endswith("deliveries"):
            return httpx2.Response(200, json={"deliveries": [{"delivery_id": "d1"}], "next_cursor": None})
        if path == "/uploads":
            url = "https://api.example.com/bucket/u1"
            return httpx2.Response(201, json={"upload_id": "u1", "url": url, "headers": {}, "parts": None})
        if path.startswith("/bucket"):
            return httpx2.Response(200, content=b"a")
        if path == "/jobs":
            return httpx2.Response(200, json={"jobs": [self.job, self.job], "next_cursor": None})
        if path.startswith(("/webhooks", "/fonts", "/health", "/costs")):
            return httpx2.Response(200, json={"path": path})
        return httpx2.Response(202, json=self.job)

    def client(self, **options: Any) -> Client:
        return Client(
            "https://api.example.com", "key", http_client=httpx2.Client(transport=httpx2.MockTransport(self)), **options
        )

    @property
    def calls(self) -> list[tuple[str, str, Any]]:
        return [entry[:3] for entry in self.seen]


@pytest.fixture
def api() -> Api:
    return Api()


def test_address_and_key_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_GPU_URL", "https://api.example.com/stage/")
    monkeypatch.setenv("API_GPU_KEY", " ag_secret\n")
    client = Client()
    assert repr(client) == "Client('https://api.example.com/stage')"
    assert "ag_secret" not in repr(vars(client))
    assert repr(AsyncClient()) == "AsyncClient('https://api.example.com/stage')"


@pytest.mark.parametrize(
    ("url", "key", "sentence"),
    [
        (None, "k", "API_GPU_URL"), ("https://a.example.com", None, "API_GPU_KEY"), ("a.example.com", "k", "https://"),
        ("https://a.example.com?x=1", "k", "no user name"), ("https://a.example.com", "k\nx", "copy it again"),
        ("http://127.0.0.1:99999", "k", "port"),
    ],
)  # fmt: skip
def test_missing_and_wrong_settings_say_what_to_do(
    url: str | None, key: str | None, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("API_GPU_URL", raising=False)
    monkeypatch.delenv("API_GPU_KEY", raising=False)
    with pytest.raises(ApiGpuError, match=sentence):
        Client(url, key)


@pytest.mark.parametrize("options", [{"timeout": 0}, {"timeout": float("nan")}, {"max_retries": -1}])
def test_limits_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ApiGpuError):
        Client("https://a.example.com", "k", **options)


def test_method_of_an_operation_sends_its_fields(api: Api) -> None:
    job = api.client().caption(
        url_video="https://m.example.com/a.mp4", captions="Hello!", style={"preset": "karaoke", "size": 9},
        metadata={"scene": "7"}, wait=5,
    )  # fmt: skip
    assert isinstance(job, Job)
    method, path, body, headers = api.seen[0]
    assert (method, path) == ("POST", "/video/caption")
    assert body == {"url_video": "https://m.example.com/a.mp4", "captions": "Hello!",
                    "style": {"preset": "karaoke", "size": 9}, "metadata": {"scene": "7"}}  # fmt: skip
    assert headers["prefer"] == "wait=5"
    assert job.idempotency_key == headers["idempotency-key"]
    assert len(headers["idempotency-key"]) == 32


@pytest.mark.parametrize("kind", OPERATIONS)
def test_each_operation_sends_its_example(api: Api, kind: str) -> None:
    example = dict(describe(OPERATIONS[kind]).example)
    getattr(api.client(), kind)(**example)

    async def use() -> None:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(api))
        async with http, AsyncClient("https://api.example.com", "key", http_client=http) as client:
            await getattr(client, kind)(**example)

    asyncio.run(use())
    assert api.calls == [("POST", OPERATIONS[kind].path, example)] * 2


def test_types_of_objects_are_there_at_run_time() -> None:
    assert "url_image" in objects.SlideshowImage.__annotations__


def test_each_submit_has_its_own_key_unless_one_is_given(api: Api) -> None:
    client = api.client()
    keys = {client.submit("probe", {"url_video": "u"}).idempotency_key for _ in range(2)}
    assert len(keys) == 2
    assert client.submit("probe", {}, idempotency_key="mine").idempotency_key == "mine"


def test_unknown_operation_names_the_closest(api: Api) -> None:
    with pytest.raises(ApiGpuError, match="did you mean caption"):
        api.client().submit("captions", {})
    api.client().submit("/video/brand-new", {"a": 1})
    assert api.calls == [("POST", "/video/brand-new", {"a": 1})]


def test_run_returns_the_finished_job_with_one_call(api: Api) -> None:
    api.job["status"] = "COMPLETED"
    job = api.client().run("probe", {"url_video": "u"})
    assert job.status == "COMPLETED"
    assert len(api.seen) == 1
    assert api.seen[0][3]["prefer"] == "wait=25"


def test_run_with_progress_does_not_wait_in_the_submit(api: Api) -> None:
    api.job["status"] = "COMPLETED"
    seen: list[str] = []
    api.client().run("probe", {"url_video": "u"}, on_progress=lambda job: seen.append(job.status))
    assert seen == ["COMPLETED"]
    assert "prefer" not in api.seen[0][3]


def test_run_raises_the_failure(api: Api) -> None:
    api.job |= {"status": "FAILED", "error": {"code": "source_http", "message": "No.", "blame": "caller"}}
    with pytest.raises(JobFailed) as raised:
        api.client().run("probe", {"url_video": "u"}, timeout=10)
    assert (raised.value.code, raised.value.blame) == ("source_http", "caller")
    assert isinstance(raised.value.job, Job)


def test_handle_reads_at_first_use_only(api: Api) -> None:
    job = api.client().job("j1")
    assert api.seen == []
    assert repr(job) == "<Job j1 not read yet>"
    assert (job.status, job.is_finished, job.progress.percent) == ("ACCEPTED", False, 0)
    assert (job.video_url, job.error, job.cost, job.artifacts) == (None, None, None, [])
    assert api.calls == [("GET", "/job/j1", None)]
    assert job.refresh() is job


def test_routes_of_a_job(api: Api) -> None:
    job = api.client().job("j1")
    job.cancel()
    job.redeliver()
    assert job.share(60.0, "poster.jpg")["url"].endswith("/s/t")
    job.share()
    job.unshare()
    assert job.deliveries() == [{"delivery_id": "d1"}]
    assert api.calls == [
        ("POST", "/job/j1/cancel", None), ("POST", "/job/j1/redeliver", None),
        ("POST", "/job/j1/share", {"expires_in": 60, "artifact": "poster.jpg"}), ("POST", "/job/j1/share", {}),
        ("DELETE", "/job/j1/share", None), ("GET", "/job/j1/deliveries", None),
    ]  # fmt: skip


def test_other_routes(api: Api) -> None:
    client = api.client()
    assert [job.id for job in client.jobs(state="COMPLETED", limit=2)] == ["j1", "j1"]
    client.fonts()
    client.health()
    client.costs(group_by="operation")
    assert list(client.deliveries("j1", after="c", limit=5)) == [{"delivery_id": "d1"}]
    assert list(client.deliveries(after=datetime(2026, 12, 1, tzinfo=UTC), limit=1)) == [{"delivery_id": "d1"}]
    assert client.redeliver("j1").id == "j1"
    client.test_webhook()
    client.test_webhook("https://h.example.com")
    client.webhook_default()
    client.set_webhook_default("https://h.example.com", ["job.failed"])
    client.delete_webhook_default()
    client.dry_run("probe", {"url_video": "u"})
    client.request("PATCH", "/new", {"a": 1}, {"b": 2})
    assert api.calls == [
        ("GET", "/jobs?state=COMPLETED&limit=2", None), ("GET", "/fonts", None), ("GET", "/health", None),
        ("GET", "/costs?group_by=operation", None),
        ("GET", "/webhooks/deliveries?job_id=j1&after=c&limit=5", None),
        ("GET", "/webhooks/deliveries?after=2026-12-01T00%3A00%3A00%2B00%3A00&limit=1", None),
        ("POST", "/job/j1/redeliver", None),
        ("POST", "/webhooks/test", {}), ("POST", "/webhooks/test", {"url": "https://h.example.com"}),
        ("GET", "/webhooks/default", None),
        ("PUT", "/webhooks/default", {"url": "https://h.example.com", "events": ["job.failed"]}),
        ("DELETE", "/webhooks/default", None), ("POST", "/media/probe", {"url_video": "u", "dry_run": True}),
        ("PATCH", "/new?b=2", {"a": 1}),
    ]  # fmt: skip


def test_any_post_has_one_idempotency_key(api: Api) -> None:
    client = api.client()
    client.request("post", "/media/probe", {"url_video": "u"})
    client.request("GET", "/job/j1")
    assert len(api.seen[0][3]["idempotency-key"]) == 32
    assert "idempotency-key" not in api.seen[1][3]


def test_asyncio_does_the_same(api: Api, tmp_path: Path) -> None:
    entry = {"name": "output.mp4", "url": "https://api.example.com/bucket/f", "size_bytes": 1, "sha256": None}
    api.job |= {"status": "COMPLETED", "artifacts": [entry]}

    async def use() -> None:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(api))
        async with http, AsyncClient("https://api.example.com", "key", http_client=http) as client:
            job = await client.probe(url_video="https://m.example.com/a.mp4")
            assert isinstance(job, AsyncJob)
            assert (await job.wait()) is job
            assert [event.status async for event in job.events()] == ["COMPLETED"]
            assert [entry.id async for entry in client.jobs()] == ["j1", "j1"]
            assert [entry["delivery_id"] async for entry in client.deliveries()] == ["d1"]
            assert (await client.run("probe", {"url_video": "u"})).status == "COMPLETED"
            assert (await client.redeliver("j1")).id == "j1"
            assert (await client.upload(io.BytesIO(b"a"))).id == "u1"
            assert (await client.dry_run("probe", {}))["job_id"] == "j1"
            for answer in (
                client.fonts(), client.costs(), client.test_webhook(), client.webhook_default(),
                client.set_webhook_default("https://h.example.com"), client.request("GET", "/health"),
            ):  # fmt: skip
                assert "path" in await answer
            await client.delete_webhook_default()
            handle = await client.job("j1").refresh()
            assert (await handle.cancel()).id == "j1"
            assert (await handle.share())["url"]
            await handle.unshare()
            assert await handle.deliveries() == [{"delivery_id": "d1"}]
            assert (await handle.download(tmp_path)).read_bytes() == b"a"
            assert await handle.download_all(tmp_path / "all") == [tmp_path / "all" / "output.mp4"]
            with pytest.raises(ApiGpuError, match="not been read yet"):
                _ = client.job("j1").status

    asyncio.run(use())


def test_log_has_no_key_and_no_query(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    def storage(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/uploads":
            url = "https://bucket.example.com/u1?X-Amz-Signature=planted"
            return httpx2.Response(201, json={"upload_id": "u1", "url": url, "headers": {}, "parts": None})
        return httpx2.Response(200)

    (tmp_path / "a.mp4").write_bytes(b"a")
    http = httpx2.Client(transport=httpx2.MockTransport(storage))
    with caplog.at_level(logging.DEBUG):
        Client("https://api.example.com", "planted-key", http_client=http).upload(tmp_path / "a.mp4")
    assert "PUT https://bucket.example.com/u1?…: 200" in caplog.text
    assert "planted" not in caplog.text


PROGRAM = """
import httpx2, api_gpu
transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json={}))
api_gpu.Client("https://a.example.com", "planted", http_client=httpx2.Client(transport=transport)).fonts()
"""


def test_log_is_printed_on_request() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={"API_GPU_LOG": "info"}, capture_output=True, text=True, check=True,
        timeout=60, cwd=ROOT,
    )  # fmt: skip
    assert "GET https://a.example.com/fonts: 200" in ran.stderr
    assert "planted" not in ran.stderr
