"""All settings of the server in one flat table; each is an option, an environment variable and a line of TOML.

The first source that has a value wins: command line, FACESTREAM_* in the environment, facestream.toml, default. Names
carry units. The modules of this package hold one group of settings each.
"""

import os
import tomllib
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

from facestream.config.limits import LimitSettings
from facestream.config.media import AnalysisSettings, MediaSettings
from facestream.config.network import NetworkSettings
from facestream.config.server import AccessSettings, HttpSettings, OperationSettings
from facestream.config.text_files import read_text
from facestream.errors import ConfigError
from facestream.resources import START

SETTINGS_FILE = "facestream.toml"


class Config(
    # `--help` lists them from the last to the first.
    OperationSettings,
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
        env_prefix="FACESTREAM_", frozen=True, extra="forbid", hide_input_in_errors=True
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
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {_got(e)}{e['msg']}" if e["loc"] else e["msg"]
            for e in error.errors()
        )
        named = {str(e["loc"][0]) if e["loc"] else "" for e in error.errors()}
        setting = named.pop() if len(named) == 1 else ""
        raise ConfigError(f"settings: {wrong}; see `{START} --help`", setting) from error


def _got(error: ErrorDetails) -> str:
    """The rejected value; empty for a secret, and for an unknown name, which may be that of a secret, misspelt."""
    field = Config.model_fields.get(str(error["loc"][0]))
    if field is None or SecretStr in (field.annotation, *get_args(field.annotation)):
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
