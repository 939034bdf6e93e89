"""Handle one event in a new process, like the first event of an execution environment.

    python program.py PACKAGE MODULE EVENT    its last line: `{"cpu_ms": …, "answer": …}`

Runs on the functions' Python with only PACKAGE on its path, so it imports no other module of this repository.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
from types import SimpleNamespace

package, module, event = sys.argv[1:]
sys.path.insert(0, package)
context = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1024, aws_request_id="r",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:f",
    get_remaining_time_in_millis=lambda: 30_000,
)  # fmt: skip
answer = importlib.import_module(module).handler(json.loads(event), context)
used = resource.getrusage(resource.RUSAGE_SELF)
sys.stdout.write(json.dumps({"cpu_ms": (used.ru_utime + used.ru_stime) * 1e3, "answer": answer}) + "\n")
sys.stdout.flush()
# Lambda freezes environments, so the shutdown of the interpreter is not measured.
os._exit(0)
