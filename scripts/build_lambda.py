"""Build the package of all Lambda functions: our two packages and the pinned ones, compiled.

    python scripts/build_lambda.py FOLDER      `sam build` calls it through the Makefile, once per function

It contains the native modules of both architectures, which differ in name, so that a function can change its
architecture without another package. It takes about 70 MB of Lambda's 250 MB; botocore takes 31 MB of them. Requires
pip; if a Python 3.13 is installed the modules are compiled, which halves a cold start. Equal input gives equal files,
so SAM uploads one package for all functions.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".aws-sam" / "package"
REQUIREMENTS = ROOT / "requirements" / "lambda.txt"
OURS = ("contract", "lambda_api")
VERSION = "3.13"
"""The functions' runtime: modules compiled for another version are not used."""
PLATFORMS = ("manylinux2014_aarch64", "manylinux2014_x86_64")
TASK_ROOT = "/var/task"
"""The folder into which Lambda unpacks the package, for the paths in tracebacks."""


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    python = find_python()
    if python is None:
        print(
            f"WARNING: no Python {VERSION} found: the modules are not compiled. The functions work, but starting them "
            f"takes about twice as long. Install Python {VERSION} and build again.",
            file=sys.stderr,
        )
    with locked():
        package = build_once("all", digest(python), lambda folder: assemble(folder, python))
    shutil.copytree(package, arguments[0], copy_function=link_or_copy, dirs_exist_ok=True)
    return 0


def link_or_copy(source: str, target: str) -> None:
    """Give a file another name, or copy it to another file system: nothing changes a built package."""
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def find_python() -> str | None:
    """Return an interpreter of the runtime's version, None if there is none."""
    installed = sorted(Path.home().glob(f".pyenv/versions/{VERSION}.*/bin/python"))
    for candidate in (sys.executable, f"python{VERSION}", *map(str, installed)):
        program = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            version = subprocess.run(
                [candidate, "-c", program], capture_output=True, text=True, timeout=30, check=False
            ).stdout
        except OSError:
            continue
        if version.strip() == VERSION:
            return candidate
    return None


def sources() -> list[Path]:
    return sorted(path for name in OURS for path in (ROOT / name).rglob("*.py"))


def digest(python: str | None) -> str:
    """Return a digest of everything that goes into the package."""
    content = hashlib.sha256(Path(__file__).read_bytes() + REQUIREMENTS.read_bytes())
    for path in sources():
        content.update(f"{path.relative_to(ROOT)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    content.update(b"compiled" if python else b"")
    return content.hexdigest()[:16]


def assemble(folder: Path, python: str | None) -> None:
    libraries = build_once("libraries", hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16], install)
    shutil.copytree(libraries, folder, dirs_exist_ok=True)
    for path in sources():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    if python is not None:
        subprocess.run(
            [python, "-m", "compileall", "-q", "-s", folder, "-p", TASK_ROOT, "--invalidation-mode", "unchecked-hash",
             folder],
            check=True, timeout=300,
        )  # fmt: skip


def install(folder: Path) -> None:
    """Install the pinned libraries; of the second architecture only the files that the first does not have."""
    for platform in PLATFORMS:
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            subprocess.run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
                 "--no-compile", "--no-deps", "--require-hashes", "--only-binary=:all:", "--implementation", "cp",
                 "--python-version", VERSION, "--platform", platform, "--target", scratch, "-r", REQUIREMENTS],
                check=True, timeout=600,
            )  # fmt: skip
            # Lists of files and launchers: they differ between machines, and nothing in Lambda reads them.
            shutil.rmtree(Path(scratch, "bin"), ignore_errors=True)
            for metadata in (*Path(scratch).glob("*.dist-info/RECORD"), *Path(scratch).glob("*.dist-info/REQUESTED")):
                metadata.unlink()
            for path in sorted(Path(scratch).rglob("*")):
                target = folder / path.relative_to(scratch)
                if path.is_file() and not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.move(path, target)


def build_once(kind: str, key: str, build: Callable[[Path], None]) -> Path:
    """Return the folder of this key, and build it if necessary. Deletes older ones of its kind."""
    folder = WORK / f"{kind}-{key}"
    if not folder.exists():
        for old in WORK.glob(f"{kind}-*"):
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(dir=WORK) as scratch:
            unfinished = Path(scratch, kind)
            unfinished.mkdir()
            build(unfinished)
            unfinished.rename(folder)
    return folder


@contextmanager
def locked() -> Iterator[None]:
    """Allow one build at a time: `sam build --parallel` calls for all functions at once."""
    WORK.mkdir(parents=True, exist_ok=True)
    handle = os.open(WORK / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
