"""Messages between gateway and worker."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contract.base import CONTRACT_VERSION
from contract.limits import Limits
from contract.messages import ManifestSlot, OutputSlot, ResultManifest, WorkerJob
from contract.operations.caption import Caption
from tests.support.examples import manifest

URL = "https://media.example/v.mp4"


@pytest.mark.fault("K7")
def test_unknown_fields_are_ignored_and_unknown_versions_refused() -> None:
    message = WorkerJob(
        job_id="job-1", attempt=1, operation=Caption(url_video=URL, url_srt=URL), deadline=1.0, limits=Limits(),
        output=OutputSlot(key="k", put_url="p", get_url="g"), manifest=ManifestSlot(put_url="m"), progress_url="u",
    ).model_dump(mode="json")  # fmt: skip
    style = message["operation"]["style"] | {"glow": True}
    newer = message | {"color": "blue", "operation": message["operation"] | {"style": style, "later": {"a": 1}}}
    assert WorkerJob.model_validate(newer).operation == WorkerJob.model_validate(message).operation
    for version in (0, CONTRACT_VERSION + 1):
        with pytest.raises(ValidationError):
            WorkerJob.model_validate(message | {"contract_version": version})


def test_manifest_numbers_are_validated() -> None:
    valid = manifest().model_dump(mode="json")
    for part, name, value in [("output", "size_bytes", 0), ("output", "sha256", "x"), ("media", "width", 0)]:
        with pytest.raises(ValidationError):
            ResultManifest.model_validate(valid | {part: valid[part] | {name: value}})
