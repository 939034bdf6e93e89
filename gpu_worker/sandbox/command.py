"""The box in which every program runs that reads strangers' files.

Tools of util-linux set a bound each and then become the program, so that its process id and its group stay what asyncio
knows. Each is tried once: what this machine does not allow is left out, and the others hold without it. No tool bounds
memory: a limit on address space would stop CUDA, so `memory` watches what is really taken.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import math
import os
import resource
import subprocess
from collections.abc import Sequence
from pathlib import Path

SANDBOX_USER = 10_002
"""Whom programs run as where the worker is root. No account has the id: its processes own their folder and no more."""

_BOUNDS = {"core": 0, "fsize": 8 * 1024**3, "nofile": 1024, "nproc": 4096}
"""A file: twice the largest output. Processes: with those of all programs of the same user on the machine."""
_LONGEST_SECONDS = 24 * 3600.0
"""For what has no time limit of its own."""
_NO_SOCKETS = Path(__file__).parent / "no_sockets.bpf"
"""A filter for the kernel: no sockets but those between processes of one machine, and no io_uring, which makes others.

Made by `tests/support/bpf.py`, for x86-64 and ARM64.
"""
_FILTER = "--seccomp-filter"
_TRIALS, _TRIED_SECONDS = 3, 10.0
_PR_SET_DUMPABLE = 4


def sandboxed_argv(argv: Sequence[str], cwd: Path, seconds: float | None = None) -> list[str]:
    """Return the command that runs `argv`, to be started in `cwd`, in the box.

    It dies with this worker, gains no rights, makes no connections, and is bounded in processor time (`seconds` of all
    processors), size of files, open files and processes. Where the worker is root, it runs as the owner of `cwd`.
    """
    return [*_apart(cwd.stat().st_uid), *_tied(), *_bounded(seconds or _LONGEST_SECONDS), *argv]


def chown_to_sandbox_user(directory: Path, *needed: Path) -> None:
    """Make SANDBOX_USER the owner of `directory`, if this worker is root and all users can read the paths `needed`.

    What the directory links to is not theirs: it must be readable for all, too.
    """
    if os.geteuid() == 0 and _works(*_unshare(SANDBOX_USER)) and all(_open_to_all(path) for path in needed):
        with contextlib.suppress(PermissionError):
            for path in (directory, *directory.iterdir()):
                os.chown(path, SANDBOX_USER, SANDBOX_USER, follow_symlinks=False)


def make_undumpable() -> None:
    """Keep this process's environment and memory from other programs of the same user, ffmpeg above all.

    Processes forked from it are hidden as well, programs that it starts are not.
    """
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def sandbox_features() -> dict[str, bool]:
    """What of the box this machine has. Raises OSError if that cannot be found out."""
    root = os.geteuid() == 0
    return {
        "own_user": root and _works(*_unshare(SANDBOX_USER)),
        "no_sockets": _FILTER in _tied() or (root and _works("unshare", "--net", "--")),
        "no_new_rights": bool(_tied()),
        "bounded": bool(_bounded(_LONGEST_SECONDS)),
    }


def _apart(owner: int) -> tuple[str, ...]:
    """What takes root's rights: another user, whom `give` has found to work, and a network with nobody on it."""
    if os.geteuid() != 0:
        return ()
    # The filter does it as well, and a network takes 2 ms to make.
    network = ("--net",) if _FILTER not in _tied() and _works("unshare", "--net", "--") else ()
    return _unshare(owner, *network) if owner or network else ()


def _unshare(owner: int, *options: str) -> tuple[str, ...]:
    """Its `--setgid` leaves all other groups, too."""
    return ("unshare", *options, *(("--setgid", str(owner), "--setuid", str(owner)) if owner else ()), "--")


def _tied() -> tuple[str, ...]:
    """Without it, the worker ends its programs all the same, unless it is killed outright."""
    tied = ("setpriv", "--pdeathsig", "KILL", "--no-new-privs")
    # setpriv knows filters from 2.41 on, which the worker's image has.
    for prefix in ((*tied, _FILTER, str(_NO_SOCKETS), "--"), (*tied, "--")):
        if _works(*prefix):
            return prefix
    return ()


def _bounded(seconds: float) -> tuple[str, ...]:
    bounds = {**_BOUNDS, "cpu": math.ceil(seconds) * (os.cpu_count() or 1)}
    prefix = ("prlimit", *(f"--{name}={_at_most(name, value)}" for name, value in bounds.items()), "--")
    return prefix if _works("prlimit", "--core=0", "--") else ()


def _at_most(name: str, value: int) -> int:
    """A limit that is stricter already cannot be raised."""
    hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


def _open_to_all(path: Path) -> bool:
    """True if it is there, and any user may read or run it, and pass through all folders above it."""
    real = path.resolve()
    try:
        return real.stat().st_mode & 0o005 == 0o005 and all(above.stat().st_mode & 0o001 for above in real.parents)
    except OSError:
        return False


_trials: dict[tuple[str, ...], bool] = {}


def _works(*prefix: str) -> bool:
    """True if a program that is started behind the prefix runs. Found out once.

    Raises OSError if it cannot be found out now: whoever waits too long for a processor must not lose the box for good.
    """
    if prefix not in _trials:
        _trials[prefix] = _tried(prefix)
    return _trials[prefix]


def _tried(prefix: tuple[str, ...]) -> bool:
    for _ in range(_TRIALS):
        try:
            done = subprocess.run([*prefix, "true"], env={}, capture_output=True, timeout=_TRIED_SECONDS, check=False)
        except (FileNotFoundError, PermissionError):
            return False
        except subprocess.TimeoutExpired:
            continue
        return done.returncode == 0
    raise OSError(errno.EAGAIN, "the box cannot be tried")
