"""The client's typed methods, made from the operations: api_gpu/operations.py and api_gpu/objects.py.

`make generate` writes them. They are static text, so that a type checker and an editor see every field, and so that the
client does not need the models at run time.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contract.documentation.describe import Description, describe
from contract.operations import OPERATIONS, Operation

Schema = Mapping[str, Any]
HEAD = '''"""{title}, made from the operations by `make generate`: edit those."""

# fmt: off

from __future__ import annotations

{imports}
'''
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "dict[str, Any]"}
_WIDTH = 118
_COMMON = {
    "webhook_url": ("str | None", "Where the API sends the finished job."),
    "webhook_events": ("Sequence[str] | None", "What is sent there, by default the four endings of a job."),
    "metadata": ("Mapping[str, str] | None", "Texts that come back with the job."),
    "idempotency_key": ("str | None", "The same key and fields return the same job for a day; by default a new one."),
    "wait": ("float | None", "Seconds, up to 25, for which the API waits for the end before it answers."),
    "on_upload": ("OnUpload | None", "Called with a filename, the bytes sent, and all of them."),
}


def render_operations(operations: Mapping[str, type[Operation]] = OPERATIONS) -> str:
    """Return the module with a method for each operation, for threads and for asyncio."""
    found = [(describe(model), model.model_json_schema()) for model in operations.values()]
    mixins = "".join(_mixin(prefix, job, found) for prefix, job in (("", "Job"), ("async ", "AsyncJob")))
    known = {name for _, schema in found for name in _used_objects(schema)}
    objects = sorted(name for name in known if re.search(rf"[ \[]{name}[ ,\]\n]", mixins))
    imports = [
        "from abc import abstractmethod",
        "from collections.abc import Mapping, Sequence",
        "from pathlib import Path",
        "from typing import TYPE_CHECKING, Any, BinaryIO, Literal",
        "",
        "if TYPE_CHECKING:",
        "    from api_gpu.async_job import AsyncJob",
        "    from api_gpu.core.upload_cache import Upload",
        "    from api_gpu.core.uploads import OnUpload",
        "    from api_gpu.job import Job",
        f"    from api_gpu.objects import {', '.join(objects)}" if objects else "",
    ]
    lines = _wrap_import(imports)
    text = HEAD.format(title="One method per operation", imports="\n".join(lines).rstrip()) + "\n"
    paths = "".join(f"    {description.kind!r}: {description.path!r},\n".replace("'", '"') for description, _ in found)
    text += f'PATHS = {{\n{paths}}}\n"""Routes by operation."""\n\n'
    names = sorted({name for _, schema in found for name in _url_fields(schema)})
    fields = ", ".join(json.dumps(name) for name in names)
    text += f'URL_FIELDS = frozenset({{\n    {fields},\n}})\n"""Fields that take URLs, and therefore files."""\n'
    return text + mixins


def render_objects(operations: Mapping[str, type[Operation]] = OPERATIONS) -> str:
    """Return the module with the types of objects inside requests."""
    definitions: dict[str, Schema] = {}
    for model in operations.values():
        schema = model.model_json_schema()
        for name in _used_objects(schema):
            definition = schema["$defs"][name]
            if definitions.setdefault(name, definition) != definition:
                raise ValueError(f"two objects are named {name}")
    known = {name: entry for model in operations.values() for name, entry in model.model_json_schema()["$defs"].items()}
    classes = "".join(_typed_dict(name, definitions[name], known) for name in sorted(definitions))
    typing = [name for name in ("Any", "BinaryIO", "Literal") if re.search(rf"\b{name}\b", classes)]
    imports = [
        *(["from collections.abc import Sequence"] if "Sequence[" in classes else []),
        "from pathlib import Path",
        f"from typing import {', '.join([*typing, 'Required', 'TypedDict'])}",
        *(["", "from api_gpu.core.upload_cache import Upload"] if "| Upload" in classes else []),
    ]
    return HEAD.format(title="Objects inside requests", imports="\n".join(imports)) + classes


def _typed_dict(name: str, definition: Schema, definitions: Mapping[str, Schema]) -> str:
    lines = [f"\n\nclass {name}(TypedDict, total=False):", *_docstring(definition.get("description", name), "    "), ""]
    required = definition.get("required", ())
    for field, schema in definition["properties"].items():
        kind = type_text(schema, definitions, takes_files=field.startswith("url_"))
        lines += _field(f"    {field}: ", f"Required[{kind}]" if field in required else kind, "")
        if schema.get("description"):
            lines += _docstring(schema["description"], "    ")
    return "\n".join(lines) + "\n"


def _mixin(prefix: str, job: str, found: Iterable[tuple[Description, Schema]]) -> str:
    kind = "AsyncOperationMethods" if prefix else "OperationMethods"
    await_ = "await " if prefix else ""
    text = textwrap.dedent(f'''

        class {kind}:
            """The operations."""

            @abstractmethod
            {prefix}def submit(
                self, operation: str, body: Mapping[str, Any], *, idempotency_key: str | None = None,
                wait: float | None = None, on_upload: OnUpload | None = None,
            ) -> {job}:
                """Make a job."""
    ''')
    for description, schema in found:
        text += "\n" + "\n".join(_method(prefix, await_, job, description, schema)) + "\n"
    return text


def _method(prefix: str, await_: str, job: str, description: Description, schema: Schema) -> Iterator[str]:
    options = {option.field: option for option in description.options}
    if clash := options.keys() & _COMMON.keys():
        raise ValueError(f"{description.kind}: the client uses {clash} itself")
    names = sorted(options, key=lambda name: not options[name].required)
    yield f"    {prefix}def {description.kind}("
    yield "        self,"
    yield "        *,"
    for name in names:
        kind = type_text(schema["properties"][name], schema.get("$defs", {}), takes_files=name.startswith("url_"))
        optional = "" if options[name].required else " | None = None"
        yield from _field(f"        {name}: ", kind, f"{optional},")
    for name, (kind, _) in _COMMON.items():
        yield f"        {name}: {kind} = None,"
    yield f"    ) -> {job}:"
    yield from _method_docstring(description)
    yield "        body: dict[str, Any] = {"
    for name in [*names, "webhook_url", "webhook_events", "metadata"]:
        yield f'            "{name}": {name},'
    yield "        }"
    yield f"        return {await_}self.submit("
    yield f'            "{description.kind}", body, idempotency_key=idempotency_key, wait=wait, on_upload=on_upload'
    yield "        )"


def _method_docstring(description: Description) -> Iterator[str]:
    indent = "        "
    yield f'{indent}"""{description.summary}.'
    yield ""
    if description.details:
        yield from textwrap.wrap(_plain(description.details), _WIDTH, initial_indent=indent, subsequent_indent=indent)
        yield ""
    yield f"{indent}Files are sent first where a URL may be a path. Returns the job; see `Client.submit` for errors."
    yield ""
    yield f"{indent}Args:"
    for option in description.options:
        text = option.description[:1].upper() + option.description[1:] + "."
        notes = [option.range and f"From {option.range}.", option.default and f"Default: {_plain(option.default)}."]
        yield from _argument(option.field, " ".join(filter(None, [text, *notes])), indent)
    for name, (_, text) in _COMMON.items():
        yield from _argument(name, text, indent)
    yield f'{indent}"""'


def _argument(name: str, text: str, indent: str) -> list[str]:
    further = indent + "        "
    return textwrap.wrap(f"{name}: {_plain(text)}", _WIDTH, initial_indent=indent + "    ", subsequent_indent=further)


def _field(before: str, kind: str, after: str) -> list[str]:
    """Return one declaration; a long choice goes over several lines."""
    if len(before + kind + after) <= _WIDTH:
        return [before + kind + after]
    indent = " " * (len(before) - len(before.lstrip()))
    # Blanks inside the quotes are no place to break a line.
    tied = re.sub(r'"[^"]*"', lambda found: found[0].replace(" ", "\0"), kind)
    wrapped = textwrap.wrap(tied, _WIDTH - len(indent) - 4, break_long_words=False, break_on_hyphens=False)
    return [f"{before}(", *(f"{indent}    {line}".replace("\0", " ") for line in wrapped), f"{indent}){after}"]


def _docstring(text: str, indent: str) -> list[str]:
    plain = _plain(text)
    if len(plain) + len(indent) + 6 <= _WIDTH:
        return [f'{indent}"""{plain}"""']
    wrapped = textwrap.wrap(plain, _WIDTH - len(indent) - 3)
    return [f'{indent}"""{wrapped[0]}', *(indent + line for line in wrapped[1:-1]), f'{indent}{wrapped[-1]}"""']


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''").replace('"', "'")


def _wrap_import(lines: list[str]) -> list[str]:
    last = lines[-1]
    if len(last) <= _WIDTH:
        return lines
    head, _, names = last.partition(" import ")
    return [*lines[:-1], f"{head} import (", *(f"        {name}," for name in names.split(", ")), "    )"]


def type_text(schema: Schema, definitions: Mapping[str, Schema], *, takes_files: bool) -> str:
    """Return the type of a field as Python text. Fields whose text is a URL take files, too."""
    return " | ".join(dict.fromkeys(_choices(schema, definitions, takes_files=takes_files)))


def _choices(schema: Schema, definitions: Mapping[str, Schema], *, takes_files: bool) -> Iterator[str]:
    name = schema.get("$ref", "").rpartition("/")[2]
    definition = definitions.get(name, {})
    if "anyOf" in schema:
        for choice in schema["anyOf"]:
            if choice.get("type") != "null":
                yield from _choices(choice, definitions, takes_files=takes_files)
    elif "enum" in schema or "enum" in definition:
        # The API reads choices in any case; a checker is strict, to find the misspelled ones.
        yield f"Literal[{', '.join(json.dumps(value) for value in schema.get('enum') or definition['enum'])}]"
    elif "properties" in definition:
        yield name
    elif schema.get("type") == "array":
        yield f"Sequence[{type_text(schema['items'], definitions, takes_files=takes_files)}]"
    elif takes_files or schema.get("format") == "uri":
        yield from ("str", "Path", "BinaryIO", "Upload")
    elif schema.get("type") == "number":
        yield "float"
    else:
        yield _TYPES[schema["type"]]


def _used_objects(schema: Schema) -> set[str]:
    return {name for name, definition in schema.get("$defs", {}).items() if "properties" in definition}


def _url_fields(schema: Schema) -> set[str]:
    """Return the names of fields that take a URL, alone, in a list, or in place of an object."""
    definitions = schema.get("$defs", {})
    parents = [schema, *(definitions[name] for name in _used_objects(schema))]
    return {name for parent in parents for name, field in parent["properties"].items() if _takes_url(field)}


def _takes_url(field: Schema) -> bool:
    choices = [field, *field.get("anyOf", ()), *field.get("items", {}).get("anyOf", ())]
    return any(choice.get("format") == "uri" for choice in choices) or field.get("items", {}).get("format") == "uri"
