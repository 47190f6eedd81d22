"""All settings of the server in one flat table; each is an option, an environment variable and a line of TOML.

The first source that has a value wins: command line, FACESTREAM_* in the environment, facestream.toml, default. Names
carry units. The modules of this package hold one group of settings each.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from facestream.config.cluster import ClusterSettings
from facestream.config.limits import LimitSettings
from facestream.config.media import AnalysisSettings, MediaSettings
from facestream.config.network import NetworkSettings
from facestream.config.server import AccessSettings, HttpSettings, OperationSettings, RecordSettings
from facestream.config.text_files import read_text
from facestream.errors import ConfigError
from facestream.resources import START

SETTINGS_FILE = "facestream.toml"
VARIABLE_PREFIX = "FACESTREAM_"
OTHER_VARIABLES = "FACESTREAM_TEST_", "FACESTREAM_UPSTREAM_"
"""What the project's own tests and scripts read; they are no settings."""


class Config(
    # `--help` lists them from the last to the first.
    OperationSettings,
    ClusterSettings,
    RecordSettings,
    LimitSettings,
    AccessSettings,
    MediaSettings,
    AnalysisSettings,
    NetworkSettings,
    HttpSettings,
    BaseSettings,
):
    """All settings of the server, checked and frozen; docs/configuration.md lists them with units and ranges.

    Use `load_config` to make one: it raises ConfigError instead of pydantic's ValidationError.
    """

    model_config = SettingsConfigDict(
        env_prefix=VARIABLE_PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            InitSettingsSource(settings_cls, _settings_of(Path(SETTINGS_FILE))),
        )


def load_config(**given: Any) -> Config:
    """The settings from `given`, the environment, facestream.toml in the current directory and the defaults.

    `given` has names of settings as keywords and wins over the other sources. Raises ConfigError with one sentence for
    each wrong setting.
    """
    try:
        return Config(**given)
    except SettingsError as error:
        raise ConfigError(f"settings: {error}; see `{START} --help`") from error
    except ValidationError as error:
        wrong = "; ".join(map(_sentence, error.errors()))
        named = {str(e["loc"][0]) if e["loc"] else "" for e in error.errors()}
        setting = named.pop() if len(named) == 1 else ""
        raise ConfigError(f"settings: {wrong}; see `{START} --help`", setting) from error


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """The FACESTREAM_* variables that are no settings, each with the setting that may be meant; they are ignored."""
    found = []
    for variable in sorted(environment):
        # Their case does not matter.
        upper = variable.upper()
        if not upper.startswith(VARIABLE_PREFIX) or upper.startswith(OTHER_VARIABLES):
            continue
        name = upper.removeprefix(VARIABLE_PREFIX).lower()
        if name not in Config.model_fields:
            near = _nearest(name)
            found.append(f"{variable} (did you mean {VARIABLE_PREFIX}{near.upper()}?)" if near else variable)
    return found


def _sentence(error: ErrorDetails) -> str:
    """What is wrong with one setting."""
    name = ".".join(map(str, error["loc"]))
    if not name:
        return error["msg"]
    if error["type"] == "extra_forbidden":
        near = _nearest(name)
        return f"{name}: no such setting" + (f" (did you mean {near}?)" if near else "")
    # What a validator of ours raises has a sentence of its own; the library puts these words before it.
    return f"{name}: {_got(error)}{error['msg'].removeprefix('Value error, ')}"


def _nearest(name: str) -> str:
    """The setting that is probably meant; empty: none is similar."""
    return next(iter(difflib.get_close_matches(name, Config.model_fields, n=1)), "")


def _got(error: ErrorDetails) -> str:
    """The rejected value; empty for a secret."""
    field = Config.model_fields[str(error["loc"][0])]
    if SecretStr in (field.annotation, *get_args(field.annotation)):
        return ""
    return f"got {error['input']!r}, "


def _settings_of(path: Path) -> dict[str, Any]:
    """Settings from the file; empty if there is no file. Raises ConfigError."""
    if not os.path.lexists(path):
        return {}
    try:
        return tomllib.loads(read_text(path, "settings", "a text file with lines like port = 8080"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}; expected lines like port = 8080") from error
