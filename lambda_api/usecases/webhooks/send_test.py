"""Send a signed test event at once."""

from __future__ import annotations

from contract.events import TEST
from lambda_api.domain.errors import NoWebhookUrl
from lambda_api.domain.views.job_view import timestamp
from lambda_api.domain.views.js_json import dumps
from lambda_api.domain.webhooks.delivery import Delivery
from lambda_api.usecases.job_record.log_delivery import Message, log_delivery, send
from lambda_api.usecases.services import Services
from lambda_api.usecases.webhooks.check_target import require_target


def send_test(services: Services, owner: str, url: str | None) -> Delivery:
    """Send one test event, to the owner's default without a URL; returns the attempt, which is never repeated.

    Raises NoWebhookUrl, InvalidRequest for a URL that is not accepted, Unavailable.
    """
    if url is None:
        default = services.webhook_defaults.read(owner)
        if default is None:
            raise NoWebhookUrl("Send a url, or set a default with PUT /webhooks/default.")
        url = default.url
    require_target(services, owner, url, "url")
    name, now = services.new_id(), services.clock()
    message = Message(
        delivery_id=f"dlv_test_{name}",
        owner=owner,
        job_id=None,
        type=TEST,
        webhook_id=f"msg_test_{name}",
        attempt=1,
        url=url,
        body=dumps({"type": TEST, "created_at": timestamp(now)}),
        expires_at=now + services.policy.retention_ms,
    )
    outcome = send(services, message, now)
    return log_delivery(services, message, now, outcome, acknowledged=outcome.ok)
