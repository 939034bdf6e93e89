"""A Lambda function for tests that does what its event requests."""

import os
import subprocess
import time

LOADED_IN = os.getpid()


def handler(event, context):
    """`do`: echo, sleep, raise, exit, child, unserializable."""
    if event.get("rawPath") == "/slow":
        time.sleep(60)
    do = event.get("do", "echo")
    if do == "sleep":
        started = time.monotonic()
        time.sleep(event["seconds"])
        return {"pid": os.getpid(), "from": started, "to": time.monotonic()}
    if do == "raise":
        raise ValueError("as requested")
    if do == "exit":
        os._exit(3)
    if do == "child":
        subprocess.Popen(["sleep", "600"])
        time.sleep(600)
    if do == "unserializable":
        return {1, 2}
    print(f"echo by {context.function_name}")
    return {
        "pid": os.getpid(),
        "loaded_in": LOADED_IN,
        "env": os.environ.get("TABLE_NAME"),
        "proxy": os.environ.get("HTTP_PROXY"),
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "left": context.get_remaining_time_in_millis(),
        "request_id": context.aws_request_id,
        "event": event,
    }
