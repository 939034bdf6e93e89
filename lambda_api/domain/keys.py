"""Keys of a job's objects in the bucket. The only module that builds them."""

from __future__ import annotations


def output_key(job_id: str) -> str:
    return f"jobs/{job_id}/output.mp4"


def input_key(job_id: str, field: str) -> str:
    """Return the key of an input that came inside the request, in this field."""
    return f"jobs/{job_id}/inputs/{field}"


def manifest_key(job_id: str) -> str:
    return f"jobs/{job_id}/manifest.json"
