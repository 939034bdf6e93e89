"""The Python client of api-gpu.

    from pathlib import Path
    from api_gpu import Client

    client = Client()  # API_GPU_URL and API_GPU_KEY
    job = client.caption(url_video=Path("clip.mp4"), url_srt=Path("clip.srt"), style="karaoke")
    job.wait()
    job.download("captioned.mp4")

`AsyncClient` has the same methods for asyncio. docs/python.md has examples of everything.
"""

from __future__ import annotations

from api_gpu import webhooks
from api_gpu.async_client import AsyncClient
from api_gpu.async_job import AsyncJob
from api_gpu.client import Client
from api_gpu.core.upload_cache import Upload
from api_gpu.errors import (
    APIConnectionError,
    ApiGpuError,
    APIStatusError,
    APITimeoutError,
    BadRequestError,
    ConflictError,
    DownloadError,
    JobFailed,
    NotFoundError,
    RateLimitedError,
    ServerError,
    UnauthorizedError,
    UnprocessableError,
    WaitTimeout,
    WebhookVerificationError,
)
from api_gpu.job import Job
from api_gpu.job_data import JobEvent, Progress
from api_gpu.webhooks import WebhookEvent

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "ApiGpuError",
    "AsyncClient",
    "AsyncJob",
    "BadRequestError",
    "Client",
    "ConflictError",
    "DownloadError",
    "Job",
    "JobEvent",
    "JobFailed",
    "NotFoundError",
    "Progress",
    "RateLimitedError",
    "ServerError",
    "UnauthorizedError",
    "UnprocessableError",
    "Upload",
    "WaitTimeout",
    "WebhookEvent",
    "WebhookVerificationError",
    "webhooks",
]
