"""The sandbox for every program that reads untrusted files.

Each tool of util-linux sets one restriction and then becomes the program, so that the process id and the process group
stay those that asyncio knows. Each tool is probed once: a restriction that this machine does not allow is left out, and
the others hold without it. No tool limits memory: a limit on address space would stop CUDA, so `memory` watches the
memory that is really used.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import math
import os
import resource
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

SANDBOX_USER = 10_002
"""The user id of sandboxed programs if the worker is root. No account has it: its processes own their workdir only."""

READING_BYTES = 2560 * 1024**2
"""To describe or decode one picture. 120 megapixels of 16 bits with opacity use the most: 2.2 GB."""

_LONGEST_SECONDS = 24 * 3600.0
"""CPU time of programs that have no time limit of their own."""
_NO_SOCKETS = Path(__file__).parent / "no_sockets.bpf"
"""A seccomp filter: no sockets except those between processes of one machine, and no io_uring, which can open others.

`tests/support/bpf.py` writes it, for x86-64 and ARM64.
"""
_FILTER = "--seccomp-filter"
_PROBE_ATTEMPTS, _PROBE_SECONDS = 3, 10.0
_PR_SET_DUMPABLE = 4


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """Limits on one program, in bytes and numbers.

    `file_bytes` is twice the largest output. `processes` counts those of all programs of the same user on the machine.
    """

    file_bytes: int = 8 * 1024**3
    open_files: int = 1024
    processes: int = 4096
    reading_bytes: int = READING_BYTES


class Sandbox:
    """Restricts programs by the means that this machine offers, each of which it probes once.

    Programs get `environment` instead of the worker's own, so that they learn no key, no path and no proxy.
    """

    def __init__(
        self,
        *,
        user: int = SANDBOX_USER,
        limits: SandboxLimits | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
        run: Callable[..., subprocess.CompletedProcess[Any]] = subprocess.run,
    ) -> None:
        self.limits = limits or SandboxLimits()
        self.environment = environment
        self._user = user
        self._run = run
        self._available: dict[tuple[str, ...], bool] = {}

    def sandboxed_argv(self, argv: Sequence[str], cwd: Path, seconds: float | None = None) -> list[str]:
        """Return the command that runs `argv` in the sandbox, to be started in `cwd`.

        The program dies with this worker, gains no privileges, makes no connections, and is limited in CPU time
        (`seconds` of all processors), file size, open files and processes. If the worker is root, it runs as the owner
        of `cwd`. Raises OSError if the sandbox cannot be probed now.
        """
        owner = cwd.stat().st_uid
        return [*self._drop_privileges(owner), *self._no_new_privs(), *self._rlimits(seconds), *argv]

    def chown_to_sandbox_user(self, directory: Path, *needed: Path) -> None:
        """Make the sandbox user the owner of `directory` and its files, so that programs in it run as that user.

        Nothing changes unless the worker is root and all users can read the paths `needed`. Links in the directory
        keep their owner: what they link to must be among the paths.
        """
        if os.geteuid() == 0 and self._is_available(*_unshare(self._user)) and all(map(_is_world_readable, needed)):
            with contextlib.suppress(PermissionError):
                for path in (directory, *directory.iterdir()):
                    os.chown(path, self._user, self._user, follow_symlinks=False)

    def features(self) -> dict[str, bool]:
        """Return which restrictions this machine has. Raises OSError if they cannot be probed now."""
        is_root = os.geteuid() == 0
        return {
            "separate_user": is_root and self._is_available(*_unshare(self._user)),
            "no_sockets": _FILTER in self._no_new_privs() or (is_root and self._has_network_namespaces()),
            "no_new_privileges": bool(self._no_new_privs()),
            "resource_limits": bool(self._rlimits(None)),
        }

    def _drop_privileges(self, owner: int) -> tuple[str, ...]:
        """Replace root by the owner of the workdir, and the network by an empty one."""
        if os.geteuid() != 0:
            return ()
        # The filter has the same effect, and a network namespace takes 2 ms to make.
        network = ("--net",) if _FILTER not in self._no_new_privs() and self._has_network_namespaces() else ()
        return _unshare(owner, *network) if owner or network else ()

    def _has_network_namespaces(self) -> bool:
        return self._is_available("unshare", "--net", "--")

    def _no_new_privs(self) -> tuple[str, ...]:
        """Return the prefix of setpriv; without it the worker still ends its programs, unless it is killed itself."""
        setpriv = ("setpriv", "--pdeathsig", "KILL", "--no-new-privs")
        # setpriv has filters since 2.41, the version in the worker's image.
        for prefix in ((*setpriv, _FILTER, str(_NO_SOCKETS), "--"), (*setpriv, "--")):
            if self._is_available(*prefix):
                return prefix
        return ()

    def _rlimits(self, seconds: float | None) -> tuple[str, ...]:
        limits = {
            "core": 0,
            "fsize": self.limits.file_bytes,
            "nofile": self.limits.open_files,
            "nproc": self.limits.processes,
            "cpu": math.ceil(seconds or _LONGEST_SECONDS) * (os.cpu_count() or 1),
        }
        prefix = ("prlimit", *(f"--{name}={_cap_at_hard_limit(name, value)}" for name, value in limits.items()), "--")
        return prefix if self._is_available("prlimit", "--core=0", "--") else ()

    def _is_available(self, *prefix: str) -> bool:
        """Return True if a program that is started with the prefix runs.

        Raises OSError if the probe timed out: do not cache a failure caused by a timeout on a busy host.
        """
        if prefix not in self._available:
            self._available[prefix] = self._probe(prefix)
        return self._available[prefix]

    def _probe(self, prefix: tuple[str, ...]) -> bool:
        for _ in range(_PROBE_ATTEMPTS):
            try:
                done = self._run([*prefix, "true"], env={}, capture_output=True, timeout=_PROBE_SECONDS, check=False)
            except (FileNotFoundError, PermissionError):
                return False
            except subprocess.TimeoutExpired:
                continue
            return done.returncode == 0
        raise OSError(errno.EAGAIN, "the sandbox cannot be probed")


def make_undumpable() -> None:
    """Hide this process's environment and memory from other programs of the same user, ffmpeg above all.

    Processes forked from it are hidden as well, programs that it starts are not.
    """
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _unshare(owner: int, *options: str) -> tuple[str, ...]:
    """Return the `unshare` prefix. Its `--setgid` leaves all other groups, too."""
    return ("unshare", *options, *(("--setgid", str(owner), "--setuid", str(owner)) if owner else ()), "--")


def _cap_at_hard_limit(name: str, value: int) -> int:
    """Return the limit to set: a stricter hard limit cannot be raised."""
    hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


def _is_world_readable(path: Path) -> bool:
    """Return True if the path exists, and any user may read or run it and pass through all folders above it."""
    real = path.resolve()
    try:
        return real.stat().st_mode & 0o005 == 0o005 and all(above.stat().st_mode & 0o001 for above in real.parents)
    except OSError:
        return False
