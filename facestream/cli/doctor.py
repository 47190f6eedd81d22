"""`facestream doctor`: run all checks in order, print each finding at once, and return 1 if a finding is an error."""

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from facestream import __version__
from facestream.cli.arguments import add_server_access, token_of
from facestream.config import Config, load_config
from facestream.doctor.findings import Finding, Verdict, fail, has_error
from facestream.resources import FETCH_MODELS, START

if TYPE_CHECKING:
    from facestream.replay.http import Credentials

ERROR_EXIT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command; its settings come from the environment and facestream.toml."""
    parser.add_argument(
        "--url", default="", help="check this server from a client's side (default: check this machine)"
    )
    add_server_access(parser)
    parser.add_argument(
        "--json", action="store_true", dest="as_json", help="print one JSON object at the end"
    )


def run(args: argparse.Namespace) -> int:
    """Check and print; returns 1 if anything is wrong. Raises ServerUnreachableError if `--url` is no address."""
    from facestream.replay.connection import prepare_libraries

    prepare_libraries()
    findings = asyncio.run(_check(load_config(), args))
    if args.as_json:
        report = {
            "version": __version__,
            "ok": not has_error(findings),
            "findings": [finding.as_json() for finding in findings],
        }
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
    else:
        sys.stdout.write(_summary(findings) + "\n")
    return ERROR_EXIT if has_error(findings) else 0


async def _check(config: Config, args: argparse.Namespace) -> list[Finding]:
    findings: list[Finding] = []
    # Close the generator even if the output has no reader any more: the server of `doctor` must end.
    async with contextlib.aclosing(_findings(config, args)) as found:
        async for finding in found:
            findings.append(finding)
            if not args.as_json:
                sys.stdout.write(finding.as_text() + "\n")
                sys.stdout.flush()
    return findings


async def _findings(config: Config, args: argparse.Namespace) -> AsyncGenerator[Finding]:
    from facestream.doctor.machine import MODELS_CHECK, machine_findings
    from facestream.doctor.own_server import NoServerError, own_server
    from facestream.doctor.peer import peer_findings, server_ice_findings
    from facestream.doctor.record import record_finding

    if args.url:
        async for finding in peer_findings(args.url, _credentials(args)):
            yield finding
        return
    models_work = True
    for finding in machine_findings(config):
        models_work &= finding.check != MODELS_CHECK or finding.verdict is not Verdict.ERROR
        yield finding
    if record := record_finding(config):
        yield record
    for finding in await server_ice_findings(config):
        yield finding
    if not models_work:
        # It would fetch 100 MB first, or end without analysing a frame.
        yield fail(
            "server",
            "not started, because its models do not work",
            f"{FETCH_MODELS}, and run this check again",
        )
        return
    try:
        async with own_server() as (url, credentials):
            async for finding in peer_findings(url, credentials):
                yield finding
    except NoServerError as error:
        yield fail("server", f"does not start: {error}", f"see the message; `{START}` shows the whole log")


def _credentials(args: argparse.Namespace) -> "Credentials":
    from facestream.replay.http import Credentials

    return Credentials(token_of(args), args.cafile)


def _summary(findings: list[Finding]) -> str:
    counts = {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in Verdict}
    return ", ".join(f"{verdict}: {count}" for verdict, count in counts.items())
