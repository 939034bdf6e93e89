"""Strict variants of the contract's models, for objects inside requests.

A message ignores unknown fields, because the peer may be newer. In a request an unknown field is a mistake, and a blank
optional one counts as not sent.
"""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from contract.base import Message
from lambda_api.web.validation.leniency import check_pasted_url, is_blank, refuse_json_text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_blank(cls, value: Any) -> Any:
        if value == []:
            # PHP encodes an empty array that way.
            return {}
        if not isinstance(value, dict):
            return value
        # A blank that is required has a meaning, such as the empty replacement of a word.
        required = {name for name, info in cls.model_fields.items() if info.is_required()}
        return {name: entry for name, entry in value.items() if name in required or not is_blank(entry)}

    @field_validator("*", mode="before")
    @classmethod
    def _check_urls(cls, value: Any, info: ValidationInfo) -> Any:
        return check_pasted_url(value, of_file=True) if (info.field_name or "").startswith("url_") else value


def strict_fields(model: type[BaseModel]) -> dict[str, Any]:
    """Return definitions for `create_model` of the fields that hold messages. Their values are the plain messages."""
    hints = get_type_hints(model, include_extras=True)
    strict = {name: (_strict_hint(hints[name]), info) for name, info in model.model_fields.items()}
    return {
        name: (Annotated[hint, BeforeValidator(refuse_json_text)], ... if info.is_required() else info.default)
        for name, (hint, info) in strict.items()
        if hint is not hints[name]
    }


@cache
def _strict_model(model: type[Message]) -> type[Message]:
    bases: Any = (model, _Strict)
    variant = create_model(model.__name__, __base__=bases, __doc__=model.__doc__, **strict_fields(model))
    return cast("type[Message]", variant)


def _strict_hint(hint: Any) -> Any:
    """Return a type hint with strict variants in place of messages; the same object if it holds none."""
    if isinstance(hint, type) and issubclass(hint, Message):
        return Annotated[_strict_model(hint), AfterValidator(_to_plain)]
    args = get_args(hint)
    strict = tuple(map(_strict_hint, args))
    if all(new is old for new, old in zip(strict, args, strict=True)):
        return hint
    if get_origin(hint) is Annotated:
        return Annotated[strict]
    return reduce(or_, strict) if type(None) in args else get_origin(hint)[strict]


def _to_plain(value: BaseModel) -> BaseModel:
    """Return the message of which `value` is the strict variant. Both have passed the same rules."""
    message = cast("type[BaseModel]", type(value).__bases__[0])
    return message.model_construct(value.model_fields_set, **dict(value))
