"""The client's generated methods and objects."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field

from api_gpu import AsyncClient, Client
from api_gpu.operations import PATHS, URL_FIELDS
from contract.operations import OPERATIONS, Operation
from contract.operations.base import examples
from contract.options.inputs import CLIP, OrUrl, VideoUrl
from contract.options.picture.watermark import Watermark
from tests.support.scripts import script

ROOT = Path(__file__).resolve().parents[2]


def test_each_operation_has_a_method_with_all_of_its_fields() -> None:
    assert {kind: model.path for kind, model in OPERATIONS.items()} == PATHS
    for kind, model in OPERATIONS.items():
        for client in (Client, AsyncClient):
            parameters = inspect.signature(getattr(client, kind)).parameters
            assert set(model.model_fields) - {"kind"} <= set(parameters)
            required = {name for name, field in model.model_fields.items() if field.is_required()}
            assert {name for name, it in parameters.items() if it.default is it.empty} - {"self"} == required
            assert {it.kind for name, it in parameters.items() if name != "self"} == {inspect.Parameter.KEYWORD_ONLY}


def test_fields_that_take_urls_are_known() -> None:
    assert {"url_video", "url_image", "url_audio", "url_srt", "images", "videos", "music", "overlay"} == URL_FIELDS


class Blend(Operation):
    """Blend two videos. For this test only."""

    model_config = examples({"url_video": CLIP, "mark": CLIP})

    path: ClassVar[str] = "/video/blend"
    kind: Literal["blend"] = "blend"
    url_video: VideoUrl
    mark: Annotated[Watermark, OrUrl("url_image", CLIP), Field(description='A "mark".', examples=[CLIP])]


def test_new_operation_needs_nothing_else() -> None:
    with script("client_methods") as module:
        text = module.render_operations({"blend": Blend})
        objects = module.render_objects({"blend": Blend})
    assert "    def blend(" in text
    assert "    async def blend(" in text
    assert "        mark: str | Path | BinaryIO | Upload | Watermark,\n" in text
    assert '"mark", "url_image", "url_video",' in text
    assert "class Watermark(TypedDict, total=False):" in objects
    compile(text, "operations.py", "exec")
    compile(objects, "objects.py", "exec")


def test_field_that_the_client_uses_itself_is_refused() -> None:
    class Clash(Blend):
        """Clash."""

        wait: Annotated[str, Field(description="W.", examples=["w"])] = ""

    with script("client_methods") as module, pytest.raises(ValueError, match="wait"):
        module.render_operations({"clash": Clash})


USE = """
from pathlib import Path
from api_gpu import Client, Job

client = Client()
job: Job = client.slideshow(images=[Path("a.jpg"), {"url_image": "https://a", "duration": 3}], style={"preset": "box"})
"""
WRONG = {
    "client.caption(url_video='u', styl='box')": "styl",
    "client.caption()": "url_video",
    "client.caption(url_video='u', quality='hihg')": "quality",
    "client.slideshow(images=[{'duration': 3}])": "SlideshowImage",
}


def test_type_checker_of_a_user_sees_the_fields(tmp_path: Path) -> None:
    lines = USE.splitlines()
    (tmp_path / "use.py").write_text("\n".join([*lines, *WRONG]) + "\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--cache-dir", str(tmp_path), str(tmp_path / "use.py")],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=170,
    )  # fmt: skip
    found = [line for line in ran.stdout.splitlines() if "error:" in line]
    assert [int(line.split(":")[1]) for line in found] == [len(lines) + 1 + at for at in range(len(WRONG))], ran.stdout
    assert all(word in line for line, word in zip(found, WRONG.values(), strict=True)), ran.stdout
