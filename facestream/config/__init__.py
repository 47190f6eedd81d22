"""One table of settings: units in names, validated once, from CLI > env FACESTREAM_* > TOML > default.

Each theme has its module; the names share one flat table, so that each is an option, a variable and a line of TOML.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from facestream.config.access import AccessSettings
from facestream.config.analysis import AnalysisSettings
from facestream.config.http import HttpSettings
from facestream.config.limits import LimitSettings
from facestream.config.media import MediaSettings
from facestream.config.network import NetworkSettings
from facestream.config.operation import OperationSettings
from facestream.config.text_files import read_text
from facestream.errors import ConfigError

SETTINGS_FILE = "facestream.toml"


class Config(
    # The order of `--help`, from the last to the first.
    OperationSettings,
    LimitSettings,
    AccessSettings,
    MediaSettings,
    AnalysisSettings,
    NetworkSettings,
    HttpSettings,
    BaseSettings,
):
    """All settings of the server; `--help` and docs/configuration.md print this table."""

    model_config = SettingsConfigDict(env_prefix="FACESTREAM_", frozen=True, extra="forbid")

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
    """The settings in force; raises ConfigError with one sentence per wrong setting."""
    try:
        return Config(**given)
    except SettingsError as error:
        raise ConfigError(f"settings: {error}; see `facestream serve --help`") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: got {e['input']!r}, {e['msg']}" if e["loc"] else e["msg"]
            for e in error.errors()
        )
        raise ConfigError(f"settings: {wrong}; see `facestream serve --help`") from error


def _settings_of(path: Path) -> dict[str, Any]:
    """Settings from the file; empty if there is no file. Raises ConfigError."""
    if not os.path.lexists(path):
        return {}
    try:
        return tomllib.loads(read_text(path, "settings", "a text file with lines like port = 8080"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}; expected lines like port = 8080") from error
