"""The HTTP bodies against docs/openapi.yaml: the same fields, types and required fields, and the same problem codes."""

import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationError

from facestream.messages.http import (
    AnswerBody,
    Health,
    IceServerBody,
    IssuedToken,
    MarkedBody,
    MarkerBody,
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
    "MarkerRequest": MarkerBody,
    "Marker": MarkedBody,
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
    is_request = model in (OfferBody, TokenRequestBody, MarkerBody)
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


PAGE_URLS = [
    "http://localhost:8080", "https://faces.example.org/", "http://192.0.2.7:8080/?view=compact", "http://[::1]:8080/#x",
    "https://xn--bcher-kva.example/a@b", "https://faces_1.example#a", "https://[2001:db8::192.0.2.1]/",
]  # fmt: skip
NO_PAGE_URLS = [
    "http://#", "http:///", "http://[::1", "http://good.org@evil.org/", "http://good.org:80@evil.org/", "https://?a",
    "https://:443/", "https://a:/", "https://a:123456/", "https://a:b@c/", "http://a\\@b/", "ftp://a/", "https://a/ b",
    "https://a/\n", "https://b\u00fccher.example/", "https://.../", " https://a/", "javascript:alert(1)//https://a/",
]  # fmt: skip


@pytest.mark.parametrize("url", PAGE_URLS)
def test_an_address_with_a_host_is_accepted(url: str):
    assert (QrRequestBody(url=url).url, TokenRequestBody(url=url).url) == (url, url)


@pytest.mark.parametrize("url", NO_PAGE_URLS)
@pytest.mark.parametrize("body", [QrRequestBody, TokenRequestBody])
def test_an_address_without_a_host_or_with_a_user_is_rejected(
    body: type[QrRequestBody] | type[TokenRequestBody], url: str
):
    with pytest.raises(ValidationError, match="pattern"):
        body(url=url)


@pytest.mark.parametrize(
    ("name", "model"), [("QrRequest", QrRequestBody), ("TokenRequest", TokenRequestBody)]
)
def test_the_described_pattern_of_an_address_is_the_checked_one(name: str, model: type[BaseModel]):
    pattern = described()[name]["properties"]["url"]["pattern"]

    assert pattern == model.model_json_schema()["properties"]["url"]["pattern"]


def test_an_ice_server_without_credentials_is_sent_without_them():
    body = PageConfig(ice_servers=[IceServerBody(urls=["stun:stun.example.org"])]).to_json()

    assert '"iceServers":[{"urls":["stun:stun.example.org"]}]' in body
