"""Assemble the seccomp filter `gpu_worker/sandbox/no_sockets.bpf`, and install it in this process.

`python -m tests.support.bpf` writes the file.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "gpu_worker" / "sandbox" / "no_sockets.bpf"

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
"""Offsets in struct seccomp_data of linux/seccomp.h."""
_X86_64, _ARM64 = 0xC000003E, 0xC00000B7
_X32 = 0x40000000
_SOCKET, _SOCKET_ARM64, _IO_URING_SETUP = 41, 198, 425
_UNIX, _NETLINK = 1, 16
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | errno.EACCES

PROGRAM = (
    (_LOAD, 0, 0, _MACHINE),
    (_IF_EQUAL, 0, 4, _X86_64),
    (_LOAD, 0, 0, _NUMBER),
    (_IF_AT_LEAST, 9, 0, _X32),
    (_IF_EQUAL, 5, 0, _SOCKET),
    (_IF_EQUAL, 7, 8, _IO_URING_SETUP),
    (_IF_EQUAL, 0, 6, _ARM64),
    (_LOAD, 0, 0, _NUMBER),
    (_IF_EQUAL, 1, 0, _SOCKET_ARM64),
    (_IF_EQUAL, 3, 4, _IO_URING_SETUP),
    (_LOAD, 0, 0, _FIRST_ARGUMENT),
    (_IF_EQUAL, 2, 0, _UNIX),
    (_IF_EQUAL, 1, 0, _NETLINK),
    (_RETURN, 0, 0, _DENY),
    (_RETURN, 0, 0, _ALLOW),
)
"""Instruction, how many to skip if true, how many if false, and its operand."""

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2


def assemble() -> bytes:
    """Return the program as an array of struct sock_filter of linux/filter.h."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in PROGRAM)


def install(program: bytes) -> None:
    """Install a filter in this process. It cannot be removed."""
    code = ctypes.create_string_buffer(program, len(program))
    fprog = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    kernel = ctypes.CDLL(None, use_errno=True)
    kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if kernel.prctl(_PR_SET_SECCOMP, _MODE_FILTER, fprog, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel rejected the filter")


if __name__ == "__main__":
    FILE.write_bytes(assemble())
