"""A page that says what the JSON API can do, drawn from its OpenAPI document. No script, nothing from elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from aiops_platform.web.site import PageRequest, TheSite
from aiops_platform.web.visitors import find_visitor

_VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, kw_only=True)
class Field:
    """A parameter of an operation, or a field of an answer."""

    name: str
    type: str
    about: str


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that the API does."""

    verb: str
    path: str
    summary: str
    about: str
    parameters: tuple[Field, ...]
    answer: str


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Something that it answers with."""

    name: str
    about: str
    fields: tuple[Field, ...]


@get("/api/docs")
async def api_docs(request: PageRequest, site: TheSite) -> Response[Any]:
    """The API, for reading; the document itself for who asks for JSON."""
    if request.app.openapi_config is None:
        raise NotFoundException
    document = request.app.openapi_schema.to_schema()
    if request.accept.best_match([MediaType.HTML, MediaType.JSON]) == MediaType.JSON:
        return Response(document, media_type=MediaType.JSON, headers={"Vary": "Accept"})
    visitor = await find_visitor(request)
    given = {"visitor": None} if visitor is None else site.common(visitor)
    choices = _choices(document)
    given |= {
        "title": document["info"]["title"],
        "operations": tuple(_operations(document, choices)),
        "shapes": (shapes := tuple(_shapes(document, choices))),
        "names": {shape.name for shape in shapes},
        "public_url": site.public_url,
    }
    page = site.page("api_docs.html", given)
    page.headers["Vary"] += ", Accept"
    return page


PUBLIC_ROUTES: tuple[HTTPRouteHandler, ...] = (api_docs,)


def _operations(document: Mapping[str, Any], choices: Mapping[str, str]) -> Iterator[Operation]:
    for path, verbs in document["paths"].items():
        for verb in _VERBS:
            if verb in verbs:
                said = verbs[verb]
                yield Operation(
                    verb=verb.upper(),
                    path=path,
                    summary=said.get("summary", ""),
                    about=said.get("description", ""),
                    parameters=tuple(_parameter(each, choices) for each in said.get("parameters", ())),
                    answer=_answer(said.get("responses", {}), choices),
                )


def _parameter(said: Mapping[str, Any], choices: Mapping[str, str]) -> Field:
    schema = said.get("schema", {})
    about = said.get("description") or schema.get("description", "")
    if "default" in schema:
        about = f"{about} Default: {schema['default']}.".strip()
    return Field(name=said["name"], type=_type(schema, choices), about=about)


def _answer(responses: Mapping[str, Any], choices: Mapping[str, str]) -> str:
    for said in responses.get("200", {}).get("content", {}).values():
        return _type(said.get("schema", {}), choices)
    return ""


def _shapes(document: Mapping[str, Any], choices: Mapping[str, str]) -> Iterator[Shape]:
    for name, schema in sorted(document.get("components", {}).get("schemas", {}).items()):
        properties = schema.get("properties", {})
        if properties:
            fields = tuple(Field(name=field, type=_type(said, choices), about="") for field, said in properties.items())
            yield Shape(name=schema.get("title", name), about=schema.get("description", ""), fields=fields)


def _choices(document: Mapping[str, Any]) -> dict[str, str]:
    """What a name stands for that only lists values: the values say more."""
    schemas = document.get("components", {}).get("schemas", {})
    return {name: _type(schema, {}) for name, schema in schemas.items() if "enum" in schema}


def _type(schema: Mapping[str, Any], choices: Mapping[str, str]) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return choices.get(name, name)
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"] if value is not None)
    if "oneOf" in schema:
        return " | ".join(dict.fromkeys(_type(each, choices) for each in schema["oneOf"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}), choices)}"
    kind = schema.get("type", "any")
    names = [kind] if isinstance(kind, str) else kind
    return " | ".join(schema.get("format") or name for name in names)
