"""The HTTP bodies against docs/openapi.yaml: the same fields, types and required fields, and the same problem codes."""

import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from facestream.messages.http import (
    AnswerBody,
    Health,
    IceServerBody,
    IssuedToken,
    OfferBody,
    PageConfig,
    Problem,
    ProblemCode,
    QrCode,
    QrRequestBody,
    Readiness,
    SessionInfo,
    SessionList,
    TokenRequestBody,
    VersionedHealth,
)
from facestream.resources import OPENAPI
from facestream.web.problems import _REJECTIONS

MODELS: dict[str, type[BaseModel]] = {
    "Offer": OfferBody,
    "Answer": AnswerBody,
    "TokenRequest": TokenRequestBody,
    "IssuedToken": IssuedToken,
    "QrRequest": QrRequestBody,
    "QrCode": QrCode,
    "Problem": Problem,
    "SessionInfo": SessionInfo,
    "SessionList": SessionList,
    "Health": VersionedHealth,
    "Readiness": Readiness,
    "PageConfig": PageConfig,
    "IceServer": IceServerBody,
}


def described() -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads(OPENAPI.read_text(encoding="utf-8"))["components"]["schemas"]
    return schemas


def plain(schema: Any, definitions: dict[str, Any]) -> Any:
    """The types of a schema with its references resolved, without texts, defaults and bounds."""
    if "$ref" in schema:
        return plain(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if "anyOf" in schema:  # a field that is left out where it is None
        (schema,) = (option for option in schema["anyOf"] if option != {"type": "null"})
    if "properties" in schema:
        return {name: plain(each, definitions) for name, each in schema["properties"].items()}
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
    if values is not None:
        return {"values": sorted(values)}
    kept = {key: value for key, value in schema.items() if key in {"type", "maxLength"}}
    return {**kept, "items": plain(schema["items"], definitions)} if "items" in schema else kept


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    is_request = model in (OfferBody, TokenRequestBody)
    mode: Literal["validation", "serialization"] = "validation" if is_request else "serialization"
    return model.model_json_schema(by_alias=True, mode=mode)


@pytest.mark.parametrize("name", MODELS)
def test_a_body_has_the_fields_that_are_described(name: str):
    schema = schema_of(MODELS[name])

    assert plain(described()[name], described()) == plain(schema, schema.get("$defs", {}))


@pytest.mark.parametrize("name", MODELS)
def test_a_body_always_has_the_fields_that_are_required(name: str):
    # The version is for admins only.
    model = Health if MODELS[name] is VersionedHealth else MODELS[name]

    assert set(described()[name].get("required", ())) == set(schema_of(model).get("required", ()))


def test_every_schema_has_its_model():
    assert described().keys() == MODELS.keys()


def test_every_code_of_a_problem_is_described():
    assert described()["Problem"]["properties"]["code"]["examples"] == list(ProblemCode)


def test_every_error_that_becomes_a_problem_has_a_problem_code():
    kinds = [kind for listed in _REJECTIONS for kind in (listed, *listed.__subclasses__())]

    assert {kind.code for kind in kinds} <= set(ProblemCode)


def test_an_ice_server_without_credentials_is_sent_without_them():
    body = PageConfig(ice_servers=[IceServerBody(urls=["stun:stun.example.org"])]).to_json()

    assert '"iceServers":[{"urls":["stun:stun.example.org"]}]' in body
