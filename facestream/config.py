"""One table of settings: units in names, validated once, from CLI > env FACESTREAM_* > TOML > default."""

import os
import tomllib
from ipaddress import ip_address
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from facestream.errors import ConfigError


def _checked_address(text: str) -> str:
    return str(ip_address(text))


def _split_at_commas(given: object) -> object:
    """Environment variables hold one line: `127.0.0.1, ::1`."""
    return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given


class Config(BaseSettings):
    """All settings of the server; `--help` and docs/configuration.md print this table."""

    model_config = SettingsConfigDict(
        env_prefix="FACESTREAM_", toml_file="facestream.toml", frozen=True, extra="forbid"
    )

    host: str = Field("127.0.0.1", description="address the HTTP server listens on")
    port: int = Field(8080, ge=0, le=65535, description="TCP port of the HTTP server; 0 takes a free one")
    ice_address: Annotated[
        tuple[Annotated[str, AfterValidator(_checked_address)], ...],
        NoDecode,
        BeforeValidator(_split_at_commas),
    ] = Field(
        (),
        description="address offered as ICE candidate (repeatable); default: every address of this machine, "
        "and loopback when listening on loopback",
    )
    analysis_processes: int = Field(
        max(1, min(4, os.cpu_count() or 1)),
        ge=0,
        le=64,
        description="processes that run the models; 0: pictures go back as they came",
    )
    detector: Literal["blazeface", "dlib"] = Field(
        "blazeface", description="what finds faces in the whole picture"
    )
    emotion_model: Literal["emotion", "mini_xception"] = Field(
        "emotion", description="net that reads the emotion: our own (emotion), or mini_xception"
    )
    min_face_share: float = Field(
        0.125,
        ge=0.02,
        le=1,
        description="side of the smallest face that is searched, as a share of the height",
    )
    max_faces: int = Field(8, ge=1, le=64, description="faces followed in one stream")
    smoothing_s: float = Field(0.3, ge=0, le=10, description="time constant of the probabilities; 0: none")
    steady_landmarks: bool = Field(True, description="steady landmarks at rest (One-Euro filter)")
    budget_ms: float = Field(25.0, gt=0, description="analysis time of a frame above which economy starts")
    max_sessions: int = Field(16, ge=1, le=1000, description="peers served at once; one more gets 503")
    max_offer_bytes: int = Field(64 * 1024, ge=1024, description="largest body of POST /offer")
    max_frame_width_px: int = Field(1920, ge=64, le=8192, description="widest frame that is analysed")
    max_frame_height_px: int = Field(1920, ge=64, le=8192, description="highest frame that is analysed")
    bitrate_start_kbps: int = Field(1000, ge=10, le=100_000, description="video that goes back, at first")
    bitrate_min_kbps: int = Field(150, ge=10, le=100_000, description="least it falls to on a bad network")
    bitrate_max_kbps: int = Field(2500, ge=10, le=100_000, description="most it rises to on a good one")
    setup_deadline_s: float = Field(15.0, gt=0, description="time from offer to connected media")
    silence_deadline_s: float = Field(
        8.0, gt=0, description="time without a frame or control message until the session ends"
    )
    resume_s: float = Field(
        30.0,
        ge=0,
        le=600,
        description="time after a lost connection in which its faces and counters can go on; 0: none",
    )
    notice: str = Field("", max_length=2000, description="text that the page shows before the camera opens")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least level logged")

    @model_validator(mode="after")
    def _bitrates_in_order(self) -> Self:
        if not self.bitrate_min_kbps <= self.bitrate_start_kbps <= self.bitrate_max_kbps:
            msg = (
                f"bitrates of {self.bitrate_min_kbps}, {self.bitrate_start_kbps} and {self.bitrate_max_kbps} kbps; "
                "expected minimum <= start <= maximum"
            )
            raise ValueError(msg)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_config(**given: Any) -> Config:
    """The settings in force; raises ConfigError with one sentence per wrong setting."""
    try:
        return Config(**given)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"facestream.toml: {error}; expected lines like port = 8080") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: got {e['input']!r}, {e['msg']}" if e["loc"] else e["msg"]
            for e in error.errors()
        )
        raise ConfigError(f"settings: {wrong}; see `facestream serve --help`") from error
