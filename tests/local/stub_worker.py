"""A worker for tests: the real SDK with a handler that does what its input requests."""

import asyncio
import subprocess
import sys
import time
import types
from pathlib import Path


async def handler(job):
    """`do`: ok, fail, raise, empty, sleep, refresh, child, deaf. `note`: a directory for its notes."""
    wish = job["input"]
    note = Path(wish["note"]) if "note" in wish else None
    if note is not None:
        with (note / "runs").open("a") as runs:
            runs.write(f"{job['id']}\n")
    if wish["do"] == "fail":
        return {"error": "as requested"}
    if wish["do"] == "raise":
        raise ValueError("as requested")
    if wish["do"] == "empty":
        return {}
    if wish["do"] == "refresh":
        return {"refresh_worker": True, "v": 1}
    if wish["do"] == "deaf":
        time.sleep(600)  # noqa: ASYNC251 - blocks the loop: no stop signal can reach it
    if wish["do"] == "child":
        # In its own session, like ffmpeg: only the working directory shows which worker started it.
        child = subprocess.Popen(["sleep", "600"], start_new_session=True, env={})  # noqa: ASYNC220
        (note / "child").write_text(str(child.pid))
    try:
        await asyncio.sleep(wish.get("seconds", 0))
    except asyncio.CancelledError:
        (note / "cancelled").touch()
        raise
    return {"echo": wish["do"]}


if __name__ == "__main__":
    # Two libraries that the SDK loads for its debugger and its SSH commands take three quarters of
    # its start-up. The serverless loop under test needs neither.
    sys.modules["cpuinfo"] = types.SimpleNamespace(get_cpu_info=dict)
    sys.modules["paramiko"] = types.ModuleType("paramiko")
    import runpod

    runpod.serverless.start({"handler": handler})
