"""Keys of a job's objects in the bucket. The only module that builds them."""

from __future__ import annotations


def output_key(job_id: str) -> str:
    return f"jobs/{job_id}/output.mp4"


def manifest_key(job_id: str) -> str:
    return f"jobs/{job_id}/manifest.json"
