"""References to files in the bucket, in every field of an input."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contract.documentation.describe import describe
from contract.operations import OPERATIONS, Operation
from contract.operations.slideshow import Slideshow
from contract.options.stored import stored_field, upload_id, upload_reference

UPLOAD = upload_reference("3f2a9c1e-0000-4000-8000-000000000001")


def with_uploads(value: object) -> object:
    """Return an example in which every URL is an upload."""
    if isinstance(value, str):
        return UPLOAD if value.startswith("https://") else value
    if isinstance(value, list):
        return [with_uploads(entry) for entry in value]
    return {key: with_uploads(entry) for key, entry in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("model", OPERATIONS.values(), ids=list(OPERATIONS))
def test_every_input_of_every_operation_takes_an_upload(model: type[Operation]) -> None:
    operation = model.model_validate(with_uploads(dict(describe(model).example)))
    urls = {given.url for given in operation.inputs()}
    assert urls == {UPLOAD}


def test_an_upload_stands_for_an_object_wherever_a_url_does() -> None:
    operation = Slideshow.model_validate(
        {"images": [UPLOAD, {"url_image": UPLOAD}], "music": UPLOAD, "overlay": UPLOAD, "url_audio": UPLOAD}
    )
    fields = ["url_audio", "music.url_audio", "overlay.url_image", "images.0.url_image", "images.1.url_image"]
    assert [given.field for given in operation.inputs()] == fields


@pytest.mark.parametrize("sent", [" upload:AB-1\n", "UPLOAD:ab-1", "upload: ab-1"])
def test_a_reference_has_one_spelling(sent: str) -> None:
    assert Slideshow.model_validate({"images": [sent]}).images[0].url_image == "upload:ab-1"


@pytest.mark.parametrize("sent", ["upload:", "upload:../x", "upload:a b", "upload:" + "x" * 65, "upload://abc"])
def test_a_malformed_reference_says_what_to_send(sent: str) -> None:
    with pytest.raises(ValidationError, match="POST /uploads"):
        Slideshow.model_validate({"images": [sent]})


def test_the_two_references_are_told_apart() -> None:
    assert (upload_id(UPLOAD), stored_field(UPLOAD)) == ("3f2a9c1e-0000-4000-8000-000000000001", None)
    assert (upload_id("stored:captions"), upload_id("https://a.example/upload:x")) == (None, None)
