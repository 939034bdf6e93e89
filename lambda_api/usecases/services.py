"""Everything a use case may need, put together once by `lambda_api.wiring`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contract.limits import Limits
from lambda_api.domain.access.credentials import ApiCredentials
from lambda_api.domain.access.quotas import Allowance
from lambda_api.domain.inputs import History, InputReader
from lambda_api.domain.policy import Policy
from lambda_api.domain.ports import (
    CallbackQueue,
    CallbackSender,
    DeliveryLog,
    JobStore,
    ObjectStore,
    Observer,
    Provider,
    WebhookDefaults,
)
from lambda_api.domain.uploads.ports import UploadStore
from lambda_api.domain.uploads.quota import UploadAllowance


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    store: JobStore
    uploads: UploadStore
    provider: Provider
    objects: ObjectStore
    queue: CallbackQueue
    sender: CallbackSender
    inputs: InputReader
    deliveries: DeliveryLog
    webhook_defaults: WebhookDefaults
    observer: Observer
    policy: Policy
    worker_limits: Limits
    endpoint_id: str
    public_url: str
    """Base of the URLs that RunPod and the worker call."""
    hook_secrets: Sequence[str]
    """The first one signs; all of them are accepted."""
    callers: Callable[[], ApiCredentials]
    """As of less than a minute ago. Owners without a signing secret cannot request callbacks."""
    allowance: Allowance
    upload_allowance: UploadAllowance
    default_price_per_second: float
    video_url_seconds: int
    allow_loopback: bool
    has_speech: bool
    """True if the workers recognize speech."""
    clock: Callable[[], int]
    """Milliseconds since the epoch."""
    random: Callable[[], float]
    """In [0, 1)."""
    new_id: Callable[[], str]
    sleep: Callable[[float], None]
    """Seconds."""
    history: History | None = None
    """What earlier jobs took; None estimates from measurements alone."""
