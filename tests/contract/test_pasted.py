"""Mistakes in what people paste into a URL field, and pages where a file is expected."""

from __future__ import annotations

import pytest

from contract.pages import page_advice
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
def test_a_mistake_is_named_and_not_quoted(text: str, says: str) -> None:
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
def test_a_url_that_may_be_meant_is_let_through(text: str) -> None:
    check_pasted(text)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://www.youtube.com/watch?v=x", "YouTube"),
        ("https://youtu.be/x", "YouTube"),
        ("https://m.youtube.com/shorts/x", "YouTube"),
        ("https://vimeo.com/123", "Vimeo"),
        ("https://player.vimeo.com/video/123", "Vimeo"),
        ("https://vm.tiktok.com/x/", "TikTok"),
        ("https://www.instagram.com/reel/x/", "Instagram"),
        ("https://x.com/a/status/1", "of X,"),
        ("https://drive.google.com/file/d/1/view?usp=sharing", "drive.usercontent.google.com/download"),
        ("https://drive.google.com/open?id=1", "drive.usercontent.google.com/download"),
        ("https://www.dropbox.com/scl/fi/x/v.mp4?rlkey=1&dl=0", "dl=1"),
        ("https://www.dropbox.com/s/x/v.mp4", "dl=1"),
        ("https://github.com/a/b/blob/main/v.mp4", "/raw/"),
        ("https://huggingface.co/a/b/blob/main/v.mp4", "/resolve/"),
        ("https://commons.wikimedia.org/wiki/File:X.jpg", "upload.wikimedia.org"),
        ("https://archive.org/details/x", "/download/"),
        ("https://we.tl/t-x", "WeTransfer"),
        ("https://1drv.ms/v/x", "OneDrive"),
        ("https://photos.app.goo.gl/x", "Google Photos"),
    ],
)
def test_a_page_is_named_with_what_to_send_instead(url: str, says: str) -> None:
    assert says in (page_advice(url) or "")


@pytest.mark.parametrize(
    "url",
    [
        "https://player.vimeo.com/progressive_redirect/playback/1/file.mp4",
        "https://notyoutube.com/watch?v=x",
        "https://drive.google.com/uc?export=download&id=1",
        "https://www.dropbox.com/scl/fi/x/v.mp4?rlkey=1&dl=1",
        "https://dl.dropboxusercontent.com/s/x/v.mp4",
        "https://github.com/a/b/raw/main/v.mp4",
        "https://github.com/a/b/releases/download/1/v.mp4",
        "https://github.com/a/b/blob/main/v.mp4?raw=true",
        "https://raw.githubusercontent.com/a/b/main/v.mp4",
        "https://archive.org/download/x/v.mp4",
        "https://commons.wikimedia.org/wiki/Special:FilePath/X.jpg",
        "https://upload.wikimedia.org/x/X.jpg",
        "https://video.twimg.com/x.mp4",
        "https://unsplash.com/photos/x/download",
        "https://media.example/watch?v=x",
    ],
)
def test_a_file_of_the_same_site_is_let_through(url: str) -> None:
    assert page_advice(url) is None
