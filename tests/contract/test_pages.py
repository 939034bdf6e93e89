"""Sites whose pages are sent where a file is expected."""

from __future__ import annotations

import pytest

from contract.errors.downloads import Reason
from contract.pages import find_known_site, page_advice


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
        ("https://drive.google.com/file/d/1/view?usp=sharing", "everyone who has the link"),
        ("https://drive.google.com/drive/folders/1", "the file itself"),
        ("https://www.dropbox.com/scl/fo/x/y?rlkey=1&dl=0", "the file itself"),
        ("https://www.dropbox.com/sh/x/y", "the file itself"),
        ("https://github.com/a/b/blob/main/v.mp4", "/raw/"),
        ("https://huggingface.co/a/b/blob/main/v.mp4", "/resolve/"),
        ("https://commons.wikimedia.org/wiki/File:X.jpg", "upload.wikimedia.org"),
        ("https://archive.org/details/x", "/download/"),
        ("https://we.tl/t-x", "WeTransfer"),
        ("https://1drv.ms/v/x", "OneDrive"),
        ("https://photos.app.goo.gl/x", "Google Photos"),
    ],
)
def test_pages_are_named_with_what_to_send_instead(url: str, says: str) -> None:
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
def test_files_of_the_same_sites_are_accepted(url: str) -> None:
    assert page_advice(url) is None


@pytest.mark.parametrize(
    ("hosts", "site"),
    [
        (("drive.google.com", "accounts.google.com"), Reason.GOOGLE_DRIVE),
        (("www.dropbox.com",), Reason.DROPBOX),
        (("contoso.sharepoint.com",), Reason.SHAREPOINT),
        (("bit.example", "m.youtube.com"), Reason.VIDEO_SITE),
        (("notyoutube.com", "netflix.com", "storage.googleapis.com"), None),
    ],
)
def test_known_sites_are_recognized_by_host(hosts: tuple[str, ...], site: Reason | None) -> None:
    assert find_known_site(*hosts) is site
