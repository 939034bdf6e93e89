"""The worker's settings, read once from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

_CONTACT = re.compile(r"[!-'*-~]{3,200}")


class Settings(BaseModel):
    """The alias of a field is its environment variable; an empty variable is treated as unset.

    `ffmpeg` overrides the search for the program. `work_dir` is the parent of the working directories of jobs; if None,
    each goes where it fits. Operators of servers from which inputs are downloaded can complain to `contact`.
    `whisper_model` is the directory of a speech model in the format of CTranslate2.
    """

    model_config = ConfigDict(frozen=True, validate_by_name=True)

    ffmpeg: str | None = Field(default=None, alias="FFMPEG")
    allow_loopback: bool = Field(default=False, alias="ALLOW_LOOPBACK_URLS")
    work_dir: Path | None = Field(default=None, alias="WORK_DIR")
    contact: str | None = Field(default=None, alias="CONTACT")
    whisper_model: Path | None = Field(default=None, alias="WHISPER_MODEL")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables. Raises ValueError that names an invalid one, not its value."""
        try:
            return cls.model_validate({name: value for name, value in environ.items() if value}, by_name=False)
        except ValidationError as error:
            raise ValueError("; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())) from None

    @field_validator("allow_loopback", mode="before")
    @classmethod
    def _is_exactly_true(cls, value: object) -> bool:
        """Accept only `true`: no other value may disable the address check."""
        return value is True or value == "true"

    @field_validator("contact")
    @classmethod
    def _check_contact(cls, value: str | None) -> str | None:
        if value and not _CONTACT.fullmatch(value):
            raise ValueError("must be a URL or an e-mail address, in ASCII and without spaces or parentheses")
        return value
