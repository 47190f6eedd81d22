"""`facestream models`: fetch missing model files, check all of them and run each model once."""

import argparse

from facestream.resources import MODELS_DIR


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: this command has no options."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Fetch and check; raises ModelFileError."""
    del args
    from facestream.analysis.model_files import fetch_all
    from facestream.analysis.models import try_every_model

    fetch_all(MODELS_DIR)
    try_every_model(MODELS_DIR)
    return 0
