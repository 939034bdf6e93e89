"""Mistakes in what people paste into a URL field."""

from __future__ import annotations

import pytest

from contract.pasted import check_pasted
from contract.urls import UrlError

SECRET = "planted"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("https://https://planted.example/v.mp4", "twice at the start"),
        ("http://https://planted.example/v.mp4", "twice at the start"),
        ("https:https://planted.example/v.mp4", "twice at the start"),
        ("https://https//planted.example/v.mp4", "twice at the start"),
        ("https://planted.example/v.mp4https://planted.example/v.mp4", "appears twice"),
        ("https://planted.example/v?a=1 https://planted.example/v?a=1", "appears twice"),
        ("https://planted.example/a.mp4,https://planted.example/b.mp4", "more than one URL"),
        ("https://planted.example/a.mp4\nhttps://planted.example/b.mp4", "more than one URL"),
        ("https://planted.example/a.mp4https://planted.example/b.mp4", "more than one URL"),
        ("{{ $json.planted }}", "placeholder"),
        ("https://x.example/{{planted}}.mp4", "placeholder"),
        ("https://x.example/%7B%7Bplanted%7D%7D", "placeholder"),
        ("${planted}", "placeholder"),
        ("{planted}", "placeholder"),
        ("<%= planted %>", "placeholder"),
        ("undefined", "no value"),
        ("NULL", "no value"),
        ("[object Object]", "no value"),
        ("#REF!", "no value"),
        ("https://undefined/planted.mp4", "no value"),
        ("NaN", "no value"),
        ('"https://planted.example/v.mp4"', "quotes or brackets"),
        ("<https://planted.example>", "quotes or brackets"),
        ('{"url": "planted"}', "JSON"),
        ("<a href=planted>", "HTML"),
        ("file:///home/planted.mp4", "your machine"),
        ("C:\\planted\\v.mp4", "your machine"),
        ("/home/planted/v.mp4", "your machine"),
        ("~/planted.mp4", "your machine"),
        ("planted.mp4", "your machine"),
        ("..\\planted.mp4", "your machine"),
        ("\\\\planted\\v.mp4", "your machine"),
        ("data:video/mp4;base64,planted", "data: URL"),
        ("blob:https://planted.example/1", "browser tab"),
        ("s3://planted/v.mp4", "presigned"),
        ("gs://planted/v.mp4", "signed"),
        ("ftp://planted/v.mp4", "FTP"),
        ("rtmp://planted/live", "live streams"),
        ("planted.example/v.mp4", "https:// in front"),
        ("//planted.example/v.mp4", "https:// in front"),
        ("A" * 300, "contents of a file"),
        ("1\n00:00:01,000 --> 00:00:02,000\nplanted", "subtitles"),
        ("WEBVTT\n\nplanted", "subtitles"),
    ],
)
def test_mistakes_are_named_and_not_quoted(text: str, says: str) -> None:
    with pytest.raises(UrlError, match=says) as refused:
        check_pasted(text)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "https://media.example/v.mp4",
        " https://media.example/a b.mp4\n",
        "https://media.example/undefined/null.mp4",
        "https://web.archive.org/web/2020/https://media.example/v.mp4",
        "https://img.example/?url=https://a.example/p.jpg",
        "https://res.example/fetch/w_100,h_100/https://a.example/p.jpg",
        "https://https.example.com/v.mp4",
        "https://media.example/?a={1}",
        "https://media.example/?q=one, https://two.example",
    ],
)
def test_possible_urls_are_accepted(text: str) -> None:
    check_pasted(text)
