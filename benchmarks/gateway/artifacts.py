"""Build the two packages to compare: ours with `sam build`'s script, and the naive one like a plain `sam build`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.bench import BenchError

_ROOT = Path(__file__).resolve().parents[2]
_NAIVE = _ROOT / "benchmarks" / "naive"


def find_python() -> str:
    """Return an interpreter of the functions' Python if there is one, else this one."""
    here = sorted(Path.home().glob(".pyenv/versions/3.13.*/bin/python"))
    for python in ("python3.13", *map(str, reversed(here))):
        found = shutil.which(python)
        if found and _run_program(found, "import sys; print(sys.version_info[:2])") == "(3, 13)":
            return found
    return sys.executable


def version(python: str) -> str:
    return _run_program(python, "import platform; print(platform.python_version())")


def build_product(folder: Path, python: str) -> Path:
    """Build our package, compiled for the Python that runs the benchmark, to compare like with like."""
    _run([sys.executable, str(_ROOT / "scripts" / "build_lambda.py"), str(folder)])
    if not version(python).startswith("3.13."):
        _install(folder, python, "-r", str(_ROOT / "requirements" / "lambda.txt"))
        _run([python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(folder)])
    return folder


def build_naive(folder: Path, python: str) -> Path:
    """Build the naive package: its sources and its dependencies, not compiled."""
    pins = folder.with_suffix(".txt")
    pins.write_text("\n".join(_pins()), encoding="utf-8")
    _install(folder, python, "-r", str(_NAIVE / "requirements.txt"), "-c", str(pins))
    shutil.copyfile(_NAIVE / "app.py", folder / "app.py")
    return folder


def _pins() -> list[str]:
    text = (_ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    return re.findall(r"^[\w.-]+==[\w.]+", text, re.MULTILINE)


def _install(folder: Path, python: str, *what: str) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-compile", "--upgrade"]
    _run([python, "-m", "pip", "install", *options, "--target", str(folder), *what])


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, cwd=_ROOT, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise BenchError(f"{Path(argv[1]).name}: {(done.stderr.strip() or 'no message').splitlines()[-1]}")


def _run_program(python: str, program: str) -> str:
    try:
        return subprocess.run(
            [python, "-c", program], capture_output=True, text=True, timeout=30, check=False
        ).stdout.strip()
    except OSError:
        return ""
