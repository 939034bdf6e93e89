"""Which address and which key are used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from api_gpu.cli.exits import Stop
from api_gpu.cli.settings import profiles
from api_gpu.cli.settings.resolve import Options, Settings, check_url, read_key_file, resolve

USER = """
[profiles.default]
url = "https://user.example.com"
api_key = "user-key"

[profiles.work]
url = "https://work.example.com"
api_key = "work-key"
"""


@pytest.fixture
def user_file(tmp_path: Path) -> Path:
    path = tmp_path / "home" / "config.toml"
    path.parent.mkdir()
    path.write_text(USER)
    path.chmod(0o600)
    return path


def project(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / ".api-gpu.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def found(settings: Settings) -> tuple[str | None, str | None]:
    return settings.url and settings.url.text, settings.key and settings.key.text


def test_option_beats_variable_beats_project_beats_user(tmp_path: Path, user_file: Path) -> None:
    below = tmp_path / "deep" / "down"
    below.mkdir(parents=True)
    assert found(resolve(Options(), {}, below, user_file)) == ("https://user.example.com", "user-key")
    project(tmp_path, 'url = "https://project.example.com"\napi_key = "project-key"\n')
    assert found(resolve(Options(), {}, below, user_file)) == ("https://project.example.com", "project-key")
    environ = {"API_GPU_URL": "https://env.example.com/", "API_GPU_KEY": "env-key"}
    assert found(resolve(Options(), environ, below, user_file)) == ("https://env.example.com", "env-key")
    options = Options(url="https://option.example.com", key="file-key")
    assert found(resolve(options, environ, below, user_file)) == ("https://option.example.com", "file-key")


def test_key_file_has_one_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("file-key\n")
    assert read_key_file(str(tmp_path / "key"), "") == "file-key"
    assert read_key_file("-", "piped\n") == "piped"
    for name, line in (("-", "two words"), ("-", ""), (str(tmp_path), ""), (str(tmp_path / "none"), "")):
        with pytest.raises(Stop, match="--key-file"):
            read_key_file(name, line)


@pytest.mark.parametrize("how", ["option", "variable", "project", "user"])
def test_profile_is_chosen_in_the_same_order(tmp_path: Path, user_file: Path, how: str) -> None:
    options, environ = Options(), {}
    if how == "option":
        options = Options(profile="work")
    elif how == "variable":
        environ = {"API_GPU_PROFILE": "work"}
    elif how == "project":
        project(tmp_path, 'profile = "work"')
    else:
        profiles.choose(user_file, "work")
    assert found(resolve(options, environ, tmp_path, user_file)) == ("https://work.example.com", "work-key")


def test_project_cannot_send_the_key_of_the_user_elsewhere(tmp_path: Path, user_file: Path) -> None:
    project(tmp_path, 'url = "https://evil.example.com"')
    for environ in ({}, {"API_GPU_KEY": "env-key"}):
        settings = resolve(Options(), environ, tmp_path, user_file)
        assert settings.key is None
        with pytest.raises(Stop, match=r"was not stored; if you trust it, run `api-gpu login"):
            settings.need_key()
    project(tmp_path, 'url = "https://user.example.com"')
    assert found(resolve(Options(), {}, tmp_path, user_file)) == ("https://user.example.com", "user-key")


def test_key_that_others_can_read_is_refused_in_a_project(tmp_path: Path, user_file: Path) -> None:
    project(tmp_path, 'api_key = "project-key"', 0o644)
    with pytest.raises(Stop, match="chmod 600"):
        resolve(Options(), {}, tmp_path, user_file)
    project(tmp_path, 'profile = "work"', 0o644)
    assert found(resolve(Options(), {}, tmp_path, user_file))[1] == "work-key"


def test_key_that_others_can_read_is_noted_in_the_users_file(tmp_path: Path, user_file: Path) -> None:
    user_file.chmod(0o644)
    [note] = resolve(Options(), {}, tmp_path, user_file).notes
    assert "chmod 600" in note


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("url = 7", "url must be text"),
        ("url = ", "is not valid TOML"),
        ('url = "http://api.example.com"', "must start with https://"),
        ('url = "api.example.com"', "give the address of the API"),
    ],
)
def test_wrong_file_is_named(tmp_path: Path, user_file: Path, text: str, says: str) -> None:
    project(tmp_path, text)
    with pytest.raises(Stop, match=says):
        resolve(Options(), {}, tmp_path, user_file)


def test_plain_http_is_for_this_machine_only() -> None:
    assert check_url("http://127.0.0.1:8000/", "--url") == "http://127.0.0.1:8000"
    with pytest.raises(Stop, match="anybody on the way"):
        check_url("http://192.168.0.7:8000", "--url")


def test_changes_keep_the_rest_of_the_file(tmp_path: Path, user_file: Path) -> None:
    profiles.change(user_file, "work", {"api_key": None})
    profiles.change(user_file, "new", {"url": "https://new.example.com", "api_key": 'q"uote'})
    assert found(resolve(Options(), {}, tmp_path, user_file)) == ("https://user.example.com", "user-key")
    assert found(resolve(Options(profile="work"), {}, tmp_path, user_file)) == ("https://work.example.com", None)
    assert found(resolve(Options(profile="new"), {}, tmp_path, user_file))[1] == 'q"uote'
    assert [path.name for path in user_file.parent.iterdir()] == ["config.toml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_file_of_another_user_is_not_read(tmp_path: Path, user_file: Path) -> None:
    theirs = project(tmp_path, 'url = "https://evil.example.com"\napi_key = "planted"')
    os.chown(theirs, 12345, 12345)
    settings = resolve(Options(), {}, tmp_path, user_file)
    assert found(settings) == ("https://user.example.com", "user-key")
    assert "belongs to another user" in settings.notes[0]
