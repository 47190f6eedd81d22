"""Write docs/telemetry.schema.json from the message types and docs/openapi.json from docs/openapi.yaml.

Neither is edited by hand. The server reads the JSON file and so does without a YAML parser.
"""

import json
from pathlib import Path

import yaml

from facestream.messages.telemetry import Telemetry

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "docs" / "telemetry.schema.json"
OPENAPI_SOURCE = ROOT / "docs" / "openapi.yaml"
OPENAPI = ROOT / "docs" / "openapi.json"


def schema_text() -> str:
    """The JSON Schema of one telemetry message, as it is in the file."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "facestream telemetry, version 1",
        **{key: value for key, value in Telemetry.model_json_schema().items() if key != "title"},
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def openapi_text() -> str:
    """The description of the HTTP interface as JSON, as the file holds it."""
    description = yaml.safe_load(OPENAPI_SOURCE.read_text(encoding="utf-8"))
    return json.dumps(description, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    OPENAPI.write_text(openapi_text(), encoding="utf-8")
