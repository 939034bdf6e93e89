"""Keys of the objects in the bucket: those of a job, and uploads. The only module that builds them."""

from __future__ import annotations


def artifact_key(job_id: str, name: str) -> str:
    """Return the key of a file that the job makes."""
    return f"jobs/{job_id}/{name}"


def input_key(job_id: str, field: str) -> str:
    """Return the key of an input that came inside the request, in this field."""
    return f"jobs/{job_id}/inputs/{field}"


def manifest_key(job_id: str) -> str:
    return f"jobs/{job_id}/manifest.json"


def upload_key(owner: str, upload_id: str) -> str:
    """Return the key of an upload. It holds the owner: a reference never leads to another owner's file."""
    return f"uploads/{owner}/{upload_id}"
