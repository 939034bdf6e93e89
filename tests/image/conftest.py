"""Run the built image with docker or podman. `scripts/prove_image.sh` builds it and sets WORKER_IMAGE to its name."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.media.factory import MediaFactory

LABEL = f"api-gpu.test={os.getpid()}"


@dataclass(frozen=True)
class Image:
    """An image and the container engine that has it."""

    engine: str
    name: str

    def call(self, *args: str, check: bool = True) -> str:
        """Run an engine command and return its stdout."""
        done = subprocess.run([self.engine, *args], capture_output=True, text=True, timeout=120, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def argv(self, *options: str) -> list[str]:
        """Return the arguments that start a container, without network unless the options name one."""
        network = () if any(option.startswith("--network") for option in options) else ("--network=none",)
        return ["run", "--label", LABEL, *network, *options, self.name]

    def run(self, *command: str, options: tuple[str, ...] = (), check: bool = True) -> str:
        return self.call(*self.argv("--rm", *options), *command, check=check)

    def config(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.call("image", "inspect", self.name))[0]["Config"]
        return shown

    def containers(self, *which: str) -> list[str]:
        """Return the running containers of these tests."""
        return self.call("ps", "--quiet", "--filter", f"label={LABEL}", *which).split()

    def remove_containers(self) -> None:
        """Remove all containers of these tests."""
        self.call("kill", *self.containers(), check=False)
        # Twice: a container whose network another one shares can only be removed after that one.
        for one in self.containers("--all") * 2:
            self.call("rm", "--force", one, check=False)
        assert not self.containers("--all")


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    name = os.environ.get("WORKER_IMAGE")
    if not name:
        pytest.skip("WORKER_IMAGE is not set: scripts/prove_image.sh builds one and runs these tests")
    built = Image(os.environ.get("IMAGE_ENGINE", "docker"), name)
    yield built
    built.remove_containers()


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> MediaFactory:
    return MediaFactory(tmp_path_factory.mktemp("media"))


@pytest.fixture
def media_folder(media: MediaFactory, tmp_path: Path) -> Path:
    """Inputs of the operations, in a folder that the image's user, unknown on this machine, can write to."""
    folder = tmp_path / "media"
    folder.mkdir()
    folder.chmod(0o777)
    tmp_path.chmod(0o755)
    made = {
        "photo.jpg": media.make_circle("photo.jpg", (900, 1400), 200),
        "video.mp4": media.make_video("video.mp4", 2, "640x360"),
        "voice.mp3": media.make_audio("voice.mp3", 2),
    }
    for name, path in made.items():
        (folder / name).write_bytes(path.read_bytes())
        (folder / name).chmod(0o644)
    (folder / "lines.srt").write_text("1\n00:00:00,200 --> 00:00:01,500\nEin Café, 東京, नमस्ते, 🙂\n", "utf-8")
    return folder
