"""`facestream models`: fetch missing model files, check all of them and run each model once."""

import argparse
from dataclasses import replace

from facestream.analysis.options import CHOICES
from facestream.cli.arguments import add_settings, config_from
from facestream.errors import ConfigError
from facestream.resources import MODELS_DIR


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `facestream models`."""
    parser.add_argument(
        "--only-needed", action="store_true",
        help="fetch and check only what the settings need: with --landmarks mesh, nothing of dlib",
    )  # fmt: skip
    add_settings(parser.add_argument_group("analysis"), CHOICES)


def run(args: argparse.Namespace) -> int:
    """Fetch and check; raises ConfigError, ModelFileError."""
    from facestream.analysis.model_files import fetch_all
    from facestream.analysis.models import load_analyzer, try_every_model

    chosen = [f"--{name.replace('_', '-')}" for name in CHOICES if name in args]
    if chosen and not args.only_needed:
        raise ConfigError(f"{chosen[0]}: needs --only-needed; without it, every model is fetched", chosen[0])
    if args.only_needed:
        options = replace(config_from(args).analysis_options(), analyzer="")
        fetch_all(MODELS_DIR, options)
        load_analyzer(MODELS_DIR, options)
        return 0
    fetch_all(MODELS_DIR)
    try_every_model(MODELS_DIR)
    return 0
