from __future__ import annotations

from typing import Any

import pytest

from contract.operations import OPERATIONS
from lambda_api.usecases.dry_run.result_seconds import result_seconds

V, A, P = "https://m.example/v.mp4", "https://m.example/a.mp3", "https://m.example/p.jpg"
VIDEO, SOUND = {"url_video": 30.0}, {"url_audio": 12.0}


@pytest.mark.parametrize(
    ("kind", "body", "lengths", "expected"),
    [
        ("img2vid", {"url_image": P}, {}, 5.0),
        ("img2vid", {"images": [P, {"url_image": P, "duration": 2}], "duration": 4}, {}, 6.0),
        ("caption", {"url_video": V, "captions": "Hi"}, VIDEO, 30.0),
        ("caption", {"url_video": V, "captions": "Hi"}, {}, None),
        ("addaudio", {"url_video": V, "url_audio": A}, VIDEO | SOUND, 12.0),
        ("addaudio", {"url_video": V, "url_audio": A, "fit_audio": "loop"}, VIDEO | SOUND, 30.0),
        ("addaudio", {"url_video": V, "url_audio": A, "mode": "music"}, VIDEO | SOUND, 30.0),
        ("compose", {"url_image": P}, {}, 5.0),
        ("compose", {"url_image": P, "duration": 8}, {}, 8.0),
        ("compose", {"url_image": P, "url_audio": A}, SOUND, 12.0),
        ("compose", {"url_image": P, "url_audio": A}, {}, None),
        ("compose", {"url_image": P, "captions": "Hi"}, {}, None),
        ("compose", {"url_video": V, "url_audio": A}, VIDEO | SOUND, 12.0),
        ("slideshow", {"images": [P, {"url_image": P, "duration": 3}]}, {}, 7.0),
        ("slideshow", {"images": [P], "url_audio": A}, SOUND, 12.0),
        ("trim", {"url_video": V, "start": 10}, VIDEO, 20.0),
        ("trim", {"url_video": V, "start": 10, "end": 50}, VIDEO, 20.0),
        ("trim", {"url_video": V, "start": 10, "end": 15}, {}, 5.0),
        ("trim", {"url_video": V, "start": 10}, {}, None),
        ("trim", {"url_video": V, "keep": [{"start": 0, "end": 2}, {"start": 5, "end": 9}]}, VIDEO, 6.0),
        (
            "concatenate",
            {"videos": [V, {"url_video": V, "start": 1, "end": 3}]},
            {"videos.0.url_video": 10.0, "videos.1.url_video": 30.0},
            12.0,
        ),
        ("concatenate", {"videos": [V, V]}, {"videos.0.url_video": 10.0}, None),
        ("transcribe", {"url_audio": A}, SOUND, 12.0),
        ("probe", {"url_video": V}, VIDEO, 30.0),
    ],
)
def test_length_of_the_result(kind: str, body: dict[str, Any], lengths: dict[str, float], expected: float) -> None:
    assert result_seconds(OPERATIONS[kind].model_validate(body), lengths) == expected
