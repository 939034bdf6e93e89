"""The endpoint's function, as built, in the real Lambda runtime: CloudFormation's events and the schedule's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import rie
from tests.support.aws import CREDENTIALS, Aws
from tests.support.gateway import golden
from tests.support.runpod import KEY, Management, management
from tests.support.scripted_server import Peer, answer, peer

pytestmark = pytest.mark.skipif(bool(rie.missing()), reason=rie.missing() or "")


@pytest.fixture(scope="module")
def runpod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Management]:
    with management(tmp_path_factory.mktemp("runpod")) as running:
        yield running


@pytest.fixture(scope="module")
def function(
    built: Path, aws: Aws, runpod: Management, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[rie.Runtime]:
    secret = aws.client("secretsmanager").create_secret(Name="endpoint-function", SecretString=KEY)["ARN"]
    env = {
        "RUNPOD_SECRET_ARN": secret, "RUNPOD_MANAGEMENT_URL": runpod.url, "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"], "ENDPOINT_OWNED": "true", "ENDPOINT_WORKERS_MAX": "10",
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"], "POWERTOOLS_SERVICE_NAME": "stack",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "120",
    }  # fmt: skip
    handler = "lambda_api.entrypoints.runpod_endpoint.handler"
    with rie.running(built / "EndpointFunction", handler, env, tmp_path_factory.mktemp("lambda")) as runtime:
        yield runtime


def send(function: rie.Runtime, site: Peer, name: str, **more: Any) -> dict[str, Any]:
    """The response to CloudFormation."""
    site.replies = [answer(200)]
    function.invoke(golden(f"cloudformation/{name}") | {"ResponseURL": f"{site.url}/?Signature=planted"} | more)
    result: dict[str, Any] = site.seen[-1].json
    assert result["Status"] == "SUCCESS", result
    return result


def test_endpoint_is_created_updated_and_deleted(function: rie.Runtime, runpod: Management) -> None:
    with peer() as site:
        endpoint_id = send(function, site, "create")["PhysicalResourceId"]
        known = {"PhysicalResourceId": endpoint_id}
        for _ in range(2):
            assert send(function, site, "update", **known)["PhysicalResourceId"] == endpoint_id
        (live,) = runpod.named("api-gpu-")
        assert (live["id"], live["image"]) == (endpoint_id, "docker.io/example/api-gpu-worker:1.1.0")

        runpod.emulator.endpoints.update(endpoint_id, {"workers": {"max": 0}})
        seen = function.invoke(golden("endpoint_schedule") | {"endpoint_id": endpoint_id})
        assert (seen["workers_max"], seen["revived"]) == (10, True)

        send(function, site, "delete", **known)
        assert not runpod.named("api-gpu-")
    sent = [line for line in function.lines() if "EndpointRevived" in line]
    assert [(line["service"], line["EndpointWorkersMax"]) for line in sent] == [("stack", [10.0])]
    assert KEY not in function.log.read_text()
    assert "planted" not in function.log.read_text()
