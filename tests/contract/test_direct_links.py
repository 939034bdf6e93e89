"""Share links of hosting sites and the direct links of their files."""

from __future__ import annotations

import pytest

from contract.direct_links import direct_link
from contract.pages import page_advice
from contract.urls import normalize_url

ID = "1AbC-dEf_GhIjKlMnOpQrStUvWxYz0123"
DRIVE = f"https://drive.usercontent.google.com/download?id={ID}&export=download&confirm=t"


@pytest.mark.parametrize(
    ("shared", "direct"),
    [
        (f"https://drive.google.com/file/d/{ID}/view?usp=sharing", DRIVE),
        (f"https://drive.google.com/file/d/{ID}/view?usp=drive_link#frag", DRIVE),
        (f"https://drive.google.com/file/d/{ID}/preview", DRIVE),
        (f"https://drive.google.com/file/d/{ID}", DRIVE),
        (f"https://drive.google.com/file/u/1/d/{ID}/edit", DRIVE),
        (f"https://drive.google.com/a/contoso.com/file/d/{ID}/view", DRIVE),
        (f"https://drive.google.com/file/d/{ID}/view?usp=sharing&resourcekey=0-x_Y", f"{DRIVE}&resourcekey=0-x_Y"),
        (f"https://drive.google.com/open?id={ID}&usp=drive_fs", DRIVE),
        (f"https://drive.google.com/uc?export=view&id={ID}", DRIVE),
        (f"https://drive.google.com/u/0/uc?id={ID}&export=download", DRIVE),
        (f"https://docs.google.com/uc?export=download&id={ID}", DRIVE),
        (f"https://drive.usercontent.google.com/download?id={ID}&export=download&authuser=0", DRIVE),
        ("https://www.dropbox.com/scl/fi/k/v.mp4?rlkey=r&st=s&dl=0", "https://www.dropbox.com/scl/fi/k/v.mp4?rlkey=r&st=s&dl=1"),
        ("https://www.dropbox.com/scl/fi/k/v.mp4?rlkey=r", "https://www.dropbox.com/scl/fi/k/v.mp4?rlkey=r&dl=1"),
        ("https://www.dropbox.com/s/k/my%20clip.mp4?dl=0", "https://www.dropbox.com/s/k/my%20clip.mp4?dl=1"),
        ("https://dropbox.com/s/k/v.mp4", "https://dropbox.com/s/k/v.mp4?dl=1"),
        ("https://www.dropbox.com/s/k", "https://www.dropbox.com/s/k?dl=1"),
        ("https://www.dropbox.com/sh/k/h/v.mp4?dl=0", "https://www.dropbox.com/sh/k/h/v.mp4?dl=1"),
        ("https://www.dropbox.com/scl/fo/k/h/a/v.mov?rlkey=r&dl=0", "https://www.dropbox.com/scl/fo/k/h/a/v.mov?rlkey=r&dl=1"),
        ("https://x-my.sharepoint.com/:v:/g/personal/a_b/EaB?e=4x", "https://x-my.sharepoint.com/:v:/g/personal/a_b/EaB?e=4x&download=1"),
        ("https://x.sharepoint.com/:i:/s/team/EaB", "https://x.sharepoint.com/:i:/s/team/EaB?download=1"),
        ("https://github.com/a/b/blob/main/clips/v.mp4", "https://github.com/a/b/raw/main/clips/v.mp4"),
        ("https://github.com/a/b/blob/main/v.mp4?raw=true", "https://github.com/a/b/raw/main/v.mp4"),
        ("https://gist.github.com/a/0123456789abcdef0123456789abcdef", "https://gist.github.com/a/0123456789abcdef0123456789abcdef/raw"),
        ("https://gitlab.com/g/h/p/-/blob/main/v.mp4?ref_type=heads", "https://gitlab.com/g/h/p/-/raw/main/v.mp4?ref_type=heads"),
        ("https://huggingface.co/a/b/blob/main/v.mp4", "https://huggingface.co/a/b/resolve/main/v.mp4"),
        ("https://huggingface.co/datasets/a/b/blob/main/x/v.mp4", "https://huggingface.co/datasets/a/b/resolve/main/x/v.mp4"),
    ],
)  # fmt: skip
def test_share_link_becomes_the_direct_link(shared: str, direct: str) -> None:
    assert direct_link(normalize_url(shared)) == direct
    assert direct_link(direct) == direct
    assert normalize_url(direct) == direct
    assert page_advice(direct) is None


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("https://drive.google.com/drive/folders/1AbCdEfGhIjKl?usp=sharing", "Google Drive"),
        ("https://drive.google.com/open", "Google Drive"),
        ("https://docs.google.com/document/d/1AbCdEfGhIjKl/edit", "Google Docs"),
        ("https://docs.google.com/presentation/d/1AbCdEfGhIjKl/edit", "Google Docs"),
        ("https://www.dropbox.com/scl/fo/k/h?rlkey=r&dl=0", "Dropbox"),
        ("https://www.dropbox.com/sh/k/h?dl=0", "Dropbox"),
        ("https://x.sharepoint.com/:f:/s/team/EaB?e=1", "SharePoint"),
        ("https://1drv.ms/v/s!AaB", "OneDrive"),
        ("https://onedrive.live.com/?cid=1&id=2", "OneDrive"),
        ("https://www.youtube.com/watch?v=x", "YouTube"),
        ("https://vimeo.com/123", "Vimeo"),
    ],
)
def test_other_pages_keep_their_sentence(page: str, names: str) -> None:
    assert direct_link(page) == page
    assert f"a page of {names}, not to a file" in (page_advice(page) or "")


@pytest.mark.parametrize(
    "url",
    [
        f"https://drive.usercontent.google.com/download?id={ID}&export=download&confirm=t&uuid=x",
        "https://drive.google.com/uc?id=short",
        "https://www.dropbox.com/scl/fi/k/v.mp4?rlkey=r&raw=1",
        "https://dl.dropboxusercontent.com/scl/fi/k/v.mp4?rlkey=r&dl=0",
        "https://x.sharepoint.com/sites/team/v.mp4",
        "https://raw.githubusercontent.com/a/b/main/v.mp4",
        "https://github.com/a/b/releases/download/1/v.mp4",
        "https://gist.githubusercontent.com/a/1/raw/v.srt",
        "https://notdropbox.com/s/k/v.mp4?dl=0",
        "https://mydrive.google.com.evil.example/file/d/1AbCdEfGhIjKl/view",
        "https://media.example/file/d/1AbCdEfGhIjKl/view?dl=0",
    ],
)
def test_other_urls_stay_as_they_are(url: str) -> None:
    assert direct_link(url) == url
