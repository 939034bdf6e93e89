"""Share links in requests: the job has the direct link, wherever the request names the file."""

from __future__ import annotations

from tests.support.fakes import World
from tests.support.gateway import Client

PAGE = "https://www.dropbox.com/scl/fi/k/v.mp4?rlkey=r&dl=0"
DIRECT = "https://www.dropbox.com/scl/fi/k/v.mp4?rlkey=r&dl=1"


def test_job_holds_the_direct_links_of_all_its_inputs(client: Client, world: World) -> None:
    body = {
        "images": [PAGE, {"url_image": f"  {PAGE}\n"}],
        "url_audio": PAGE,
        "music": PAGE,
        "overlay": {"url_image": PAGE},
    }
    answer = client.call("POST", "/video/slideshow", body)
    assert answer.status == 202, answer.text
    inputs = world.store.jobs["job-1"].operation.inputs()
    assert len(inputs) == 5
    assert {given.url for given in inputs} == {DIRECT}


def test_share_link_and_direct_link_are_the_same_request(client: Client) -> None:
    headers = {"idempotency-key": "run-1"}
    caption = {"url_srt": "https://media.example/s.srt"}
    first, second = (
        client.call("POST", "/video/caption", caption | {"url_video": url}, headers=headers) for url in (PAGE, DIRECT)
    )
    assert (first.status, second.status) == (202, 202), second.text
    assert second.json["job_id"] == first.json["job_id"]


def test_callback_goes_to_the_url_as_it_was_sent(client: Client, world: World) -> None:
    body = {"url_image": "https://media.example/p.jpg", "webhook_url": PAGE}
    assert client.call("POST", "/video/img2vid", body).status == 202
    callback = world.store.jobs["job-1"].callback
    assert callback is not None
    assert callback.url == PAGE
