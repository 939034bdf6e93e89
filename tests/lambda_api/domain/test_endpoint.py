"""The desired endpoint: CloudFormation's properties to RunPod's format."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_api.domain.endpoint import NVENC_POOLS, InvalidProperties, desired_body, diff, has_tag, ownership_tag

TAG = "0123456789"
PROPERTIES = {"Name": "video", "Image": "registry/worker:1"}


def body(**properties: Any) -> dict[str, Any]:
    return desired_body(PROPERTIES | properties, TAG)


def test_desired_body_states_every_setting() -> None:
    assert body() == {
        "name": f"video-{TAG}", "type": "QUEUE", "image": "registry/worker:1", "disk": 20,
        "env": {"RUNPOD_LOG_LEVEL": "INFO"}, "registry": None,
        "gpu": {"pools": ["ADA_24", "AMPERE_24"], "count": 1, "minCudaVersion": "12.4", "allowedCudaVersions": []},
        "workers": {"min": 0, "max": 3, "idleTimeout": 5}, "scaling": {"type": "QUEUE_DELAY", "queueDelay": 4},
        "timeout": 600_000, "flashboot": "FLASHBOOT",
    }  # fmt: skip


def test_string_properties_are_parsed() -> None:
    read = body(
        WorkersMin="1", WorkersMax="10", IdleTimeout="60", QueueDelay="0.5", FlashBoot="false",
        GpuPools="AMPERE_48, ADA_24", ExecutionTimeoutMs="900000", ContainerDiskGb="50", MinCudaVersion="12.8",
        RegistryId="reg_1",
    )  # fmt: skip
    assert read["workers"] == {"min": 1, "max": 10, "idleTimeout": 60}
    assert read["gpu"]["pools"] == ["AMPERE_48", "ADA_24"]
    assert (read["scaling"]["queueDelay"], read["timeout"], read["disk"]) == (0.5, 900_000, 50)
    assert (read["flashboot"], read["registry"], read["gpu"]["minCudaVersion"]) == ("OFF", "reg_1", "12.8")


@pytest.mark.parametrize("pool", NVENC_POOLS)
def test_every_pool_with_nvenc_is_accepted(pool: str) -> None:
    assert body(GpuPools=[pool])["gpu"]["pools"] == [pool]


@pytest.mark.parametrize(
    ("pool", "gpu"),
    [("AMPERE_80", "A100"), ("ADA_80_PRO", "H100"), ("HOPPER_141", "H200"), ("BLACKWELL_180", "B200")],
)
def test_pool_without_nvenc_is_refused_by_name(pool: str, gpu: str) -> None:
    with pytest.raises(InvalidProperties, match=f"{pool}: the {gpu} has no video encoder"):
        body(GpuPools=["ADA_24", pool])


@pytest.mark.parametrize(
    ("property_", "value"),
    [
        ("Name", ""), ("Name", "a b"), ("Name", None), ("Image", ""), ("Image", "a image"), ("Image", ["a"]),
        ("GpuPools", ""), ("GpuPools", []), ("GpuPools", "4090"), ("WorkersMin", "-1"), ("WorkersMin", "4"),
        ("WorkersMax", "0"), ("WorkersMax", "many"), ("WorkersMax", "1.5"), ("WorkersMax", "nan"),
        ("WorkersMax", "inf"), ("IdleTimeout", "0"), ("IdleTimeout", "3601"), ("QueueDelay", "0.4"),
        ("FlashBoot", "yes"), ("ExecutionTimeoutMs", "4999"), ("ContainerDiskGb", "0"), ("MinCudaVersion", "12"),
        ("RegistryId", "a/b"), ("RegistryId", {}),
    ],
)  # fmt: skip
def test_invalid_property_is_named(property_: str, value: Any) -> None:
    with pytest.raises(InvalidProperties, match=property_):
        body(**{property_: value})


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(InvalidProperties) as refused:
        desired_body({"Image": "secret value", "WorkersMax": "0"}, TAG)
    assert str(refused.value) == (
        "WorkersMax must be a number from 1 to 1000; Name is missing; Image must be a Docker image reference"
    )


def test_unknown_properties_are_ignored() -> None:
    assert body(ServiceToken="arn", Sooner="or later") == body()


def test_diff_contains_only_changes() -> None:
    live = body() | {"id": "ep", "ports": [], "createdAt": "now"}
    assert diff(body(), live) == {}
    assert diff(body(Image="registry/worker:2"), live) == {"image": "registry/worker:2"}
    assert diff(body(WorkersMax="9"), live) == {"workers": {"min": 0, "max": 9, "idleTimeout": 5}}
    assert set(diff(body(Name="other", RegistryId="r", MinCudaVersion="12.8"), live)) == {"name", "registry", "gpu"}


def test_fields_added_by_runpod_are_not_changes() -> None:
    live = body()
    live["gpu"] |= {"excludedTypes": []}
    assert diff(body(), live | {"name": f"video-{TAG} -fb"}) == {}


@pytest.mark.parametrize("live", [{}, {"gpu": None}, {"env": {"RUNPOD_LOG_LEVEL": "INFO", "MORE": "by hand"}}])
def test_missing_and_extra_values_are_changes(live: dict[str, Any]) -> None:
    assert set(live or {"workers"}) <= set(diff(body(), ({} if not live else body()) | live))


def test_tag_is_unique_to_a_resource_of_a_stack() -> None:
    tags = {ownership_tag(stack, logical) for stack in ("a", "b") for logical in ("x", "y")}
    assert len(tags) == 4
    assert has_tag({"name": f"anything-{TAG}"}, TAG)
    assert has_tag({"name": f"anything-{TAG}-fb"}, TAG)
    assert not has_tag({"name": f"anything-{TAG}-else"}, TAG)
    assert not has_tag({"name": TAG}, TAG)
    assert not has_tag({}, TAG)
