"""The command: looks at everything in order, prints each finding as it comes, and sums up in the exit code."""

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import AsyncGenerator

from facestream import __version__, aiortc_patches
from facestream.config import Config
from facestream.doctor.findings import Finding, Verdict, anything_wrong, wrong
from facestream.doctor.machine import machine_findings
from facestream.doctor.options import DoctorOptions
from facestream.doctor.own_server import NoServerError, own_server
from facestream.doctor.peer import peer_findings, server_ice_findings
from facestream.replay.http import Credentials
from facestream.replay.options import read_token
from facestream.resources import START

WRONG_EXIT = 1


def run_doctor(config: Config, options: DoctorOptions) -> int:
    """Look, print, and return 1 where anything is wrong. Raises ServerUnreachableError for no address at all."""
    for name in ("aiortc", "aioice"):
        logging.getLogger(name).setLevel(logging.ERROR)
    aiortc_patches.apply()
    findings = asyncio.run(_look(config, options))
    if options.as_json:
        report = {
            "version": __version__,
            "right": not anything_wrong(findings),
            "findings": [finding.as_json() for finding in findings],
        }
        sys.stdout.write(json.dumps(report, indent=2) + "\n")
    else:
        sys.stdout.write(_summary(findings) + "\n")
    return WRONG_EXIT if anything_wrong(findings) else 0


async def _look(config: Config, options: DoctorOptions) -> list[Finding]:
    findings: list[Finding] = []
    # Close it even if the reader of the output is gone: the doctor's own server must end.
    async with contextlib.aclosing(_findings(config, options)) as found:
        async for finding in found:
            findings.append(finding)
            if not options.as_json:
                sys.stdout.write(finding.as_text() + "\n")
                sys.stdout.flush()
    return findings


def _credentials(options: DoctorOptions) -> Credentials:
    return Credentials(read_token(options.token_file) if options.token_file else "", options.cafile)


async def _findings(config: Config, options: DoctorOptions) -> AsyncGenerator[Finding]:
    if options.url:
        async for finding in peer_findings(options.url, _credentials(options)):
            yield finding
        return
    for finding in machine_findings(config):
        yield finding
    for finding in await server_ice_findings(config):
        yield finding
    try:
        async with own_server() as url:
            async for finding in peer_findings(url):
                yield finding
    except NoServerError as error:
        yield wrong("server", f"does not start: {error}", f"do what it says; `{START}` shows all of it")


def _summary(findings: list[Finding]) -> str:
    counts = {verdict: sum(finding.verdict is verdict for finding in findings) for verdict in Verdict}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
