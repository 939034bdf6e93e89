"""CloudFormation as a custom resource sees it: requests, responses, retries, rollback and cleanup."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any

from tests.support.scripted_server import Peer, answer

Event = dict[str, Any]
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/api-gpu/5b918d10-cd98-11ef-8d4a-0affd0a7e2ab"


class Stack:
    """One stack with one resource. `handle` is the function; `site` receives its responses."""

    def __init__(self, handle: Callable[[Event], Any], site: Peer, stack_id: str = STACK_ID) -> None:
        self.resource_id: str | None = None
        self.properties: dict[str, Any] | None = None
        self.answers: list[dict[str, Any]] = []
        self._handle = handle
        self._site = site
        self._stack_id = stack_id
        self._requests = 0

    def send(self, kind: str, deliveries: int = 1, lost_answers: int = 0, **more: Any) -> dict[str, Any]:
        """Send a request and return the first accepted response. Lambda retries a failed invocation twice."""
        self._requests += 1
        event = {
            "RequestType": kind, "ResponseURL": f"{self._site.url}/answer?Signature=planted-signature",
            "StackId": self._stack_id, "RequestId": str(self._requests), "LogicalResourceId": "RunpodEndpoint",
            "ResourceType": "Custom::RunpodEndpoint", **more,
        }  # fmt: skip
        self._site.replies = [*[answer(503)] * lost_answers, answer(200)]
        self._site.seen.clear()
        left, retries = deliveries, 2
        while left:
            left -= 1
            try:
                self._handle(copy.deepcopy(event))
            except Exception:
                if not retries:
                    raise
                retries, left = retries - 1, left + 1
        accepted = json.loads(self._site.seen[lost_answers].body)
        assert accepted["RequestId"] == event["RequestId"]
        self.answers.append(accepted)
        return dict(accepted)

    def create(self, properties: dict[str, Any], **how: Any) -> bool:
        response = self.send("Create", ResourceProperties=properties, **how)
        self.resource_id, self.properties = response["PhysicalResourceId"], properties
        return response["Status"] == "SUCCESS"

    def update(self, properties: dict[str, Any], **how: Any) -> bool:
        """Update the resource; delete the old one if its id changed, as CloudFormation does."""
        before, old = self.resource_id, self.properties
        response = self.send(
            "Update", PhysicalResourceId=before, ResourceProperties=properties, OldResourceProperties=old, **how
        )
        done = response["Status"] == "SUCCESS"
        self.properties = properties
        if done and response["PhysicalResourceId"] != before:
            self.resource_id = response["PhysicalResourceId"]
            cleaned = self.send("Delete", PhysicalResourceId=before, ResourceProperties=old)
            assert cleaned["Status"] == "SUCCESS"
        return done

    def delete(self, **how: Any) -> bool:
        response = self.send("Delete", PhysicalResourceId=self.resource_id, ResourceProperties=self.properties, **how)
        return response["Status"] == "SUCCESS"

    def until_done(self, act: Callable[[], bool], calm: Callable[[], None], tries: Sequence[int] = (1, 2)) -> None:
        """Retry until `act` succeeds; before the last attempt `calm` removes all faults."""
        for _ in tries:
            if act():
                return
        calm()
        assert act(), self.answers[-1]["Reason"]
