"""Check this machine and its settings: versions, models, files, memory, ports, addresses, TLS. Starts nothing."""

import contextlib
import errno
import os
import re
import resource
import socket
import sys
from collections.abc import Iterator
from importlib import metadata
from ipaddress import ip_address

from facestream.analysis.models import load_analyzer
from facestream.config import Config, unknown_variables
from facestream.doctor.findings import Finding, fail, ok, warn
from facestream.errors import ConfigError, ModelFileError
from facestream.ice.addresses import check_own_addresses, machine_addresses
from facestream.remedies import remedy_of
from facestream.resources import (
    CLIENT_DIR,
    COMMAND,
    FETCH_MODELS,
    INSTALL_PINS,
    IS_CHECKOUT,
    MODELS_DIR,
    REINSTALL,
    REQUIREMENTS,
    START,
)
from facestream.web.auth.client_address import is_loopback
from facestream.web.http.descriptors import (
    FILES_PER_SESSION,
    LEAST_CONNECTIONS,
    as_number,
    descriptors_for_sessions,
)
from facestream.web.routes.page import VENDOR_FILES
from facestream.web.tls import find_certificate
from facestream.workers.frame_memory import FrameMemory, bytes_for
from facestream.workers.shortage import shortage

MODELS_CHECK = "models"


def machine_findings(config: Config) -> Iterator[Finding]:
    """The findings that need no peer."""
    yield _python()
    yield _libraries()
    yield _environment()
    yield _models(config)
    yield _page_libraries()
    yield _open_files(config)
    yield _frame_memory(config)
    yield _http_port(config)
    if config.udp_port_range is not None:
        yield _media_ports(config, config.udp_port_range)
    yield _addresses(config)
    yield _secure_context(config)


def _python() -> Finding:
    # With an older Python, `facestream` ends before this check.
    return ok("python", ".".join(map(str, sys.version_info[:3])))


def _libraries() -> Finding:
    differing = []
    for name, wanted in re.findall(
        r"^([\w.-]+)==(\S+)", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE
    ):
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "missing"
        if found != wanted:
            differing.append(f"{name} {found}, expected {wanted}")
    if differing and (IS_CHECKOUT or any("missing" in each for each in differing)):
        return fail("libraries", "; ".join(differing), REINSTALL)
    if differing:
        # An installed package allows a range of versions, so that other packages can be installed with it.
        return warn("libraries", f"not the tested versions: {'; '.join(differing)}", INSTALL_PINS)
    return ok("libraries", "all have the versions of requirements.txt")


def _environment() -> Finding:
    if unknown := unknown_variables(os.environ):
        return warn(
            "environment",
            f"no settings, so the server ignores them: {', '.join(unknown)}",
            f"correct their names or unset them; `{START} --help` lists the settings",
        )
    return ok("environment", "every FACESTREAM_* variable is a setting")


def _models(config: Config) -> Finding:
    if config.analysis_processes == 0:
        return warn(MODELS_CHECK, "analysis_processes is 0, so no frame is analysed", "set it to 1 or more")
    try:
        analyzer = load_analyzer(MODELS_DIR, config.analysis_options())
    except ModelFileError as error:
        return fail(MODELS_CHECK, str(error), FETCH_MODELS)
    except ConfigError as error:
        return fail(
            "your own analysis", str(error), "correct the setting analyzer, or the module that it names"
        )
    except OSError as error:
        return fail(
            MODELS_CHECK, f"cannot be read: {error}", f"{remedy_of(error, FETCH_MODELS)}; it is a model file"
        )
    if slow_because := analyzer.predictor.slow_because:
        return warn(
            MODELS_CHECK,
            f"the models find the face of a test image; {slow_because}",
            f"{FETCH_MODELS}, which says what is missing",
        )
    return ok(MODELS_CHECK, "the files are complete, and the models find the face of a test image")


def _page_libraries() -> Finding:
    missing = [
        name for name, path in VENDOR_FILES.items() if not (CLIENT_DIR / "node_modules" / path).is_file()
    ]
    if missing:
        return fail("page libraries", f"{', '.join(missing)} missing, so the page has no chart", REINSTALL)
    return ok("page libraries", "installed")


def _open_files(config: Config) -> Finding:
    # The server raises its soft limit to the hard limit.
    soft, hard = map(as_number, resource.getrlimit(resource.RLIMIT_NOFILE))
    sessions = descriptors_for_sessions(config)
    wanted = sessions + config.max_connections
    text = f"limit of {hard}" + (f", raised from {soft} at start" if soft < hard else "")
    how = f"ulimit -Hn {wanted}, or LimitNOFILE={wanted} in the systemd unit"
    if hard < sessions + LEAST_CONNECTIONS:
        return fail("open files", f"{text}; {config.max_sessions} sessions alone need {sessions}", how)
    if hard < wanted:
        return warn(
            "open files",
            f"{text}; after {config.max_sessions} sessions this leaves {hard - sessions} HTTP connections of "
            f"{config.max_connections}",
            how,
        )
    return ok("open files", f"{text}, {wanted} needed")


def _frame_memory(config: Config) -> Finding:
    """Reserve the shared memory of the workers and of the spare worker as the server does, and free it."""
    processes = config.analysis_processes + 1 if config.analysis_processes else 0
    size = bytes_for(config.max_frame_width_px * config.max_frame_height_px)
    text = f"{processes} x {size / 1e6:.1f} MB, shared with the workers"
    with contextlib.ExitStack() as reserved:
        try:
            for _ in range(processes):
                reserved.callback(FrameMemory.reserve(size).close)
        except (OSError, MemoryError) as error:
            return fail(
                "frame memory",
                str(shortage(f"{text}, cannot be allocated", error)),
                "raise the limit, or lower max_frame_width_px, max_frame_height_px or analysis_processes",
            )
    return ok("frame memory", f"{text}, can be allocated")


def _http_port(config: Config) -> Finding:
    try:
        family, _, _, _, address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, ValueError):
        return fail(
            "http port", f"host {config.host!r} cannot be resolved", "set host to an address of this machine"
        )
    try:
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1)
    except OSError as error:
        where = f"{config.host}:{config.port}"
        if error.errno == errno.EADDRINUSE:
            return warn(
                "http port",
                f"{where} is in use, perhaps by a running facestream",
                f"check it with `{COMMAND} doctor --url http://{where}`, or choose another --port",
            )
        return fail("http port", f"{where}: {error.strerror}", "choose another --host or --port")
    return ok("http port", f"{config.host}:{config.port} is free")


def _media_ports(config: Config, ports: range) -> Finding:
    taken = [port for port in ports if not _udp_is_free(port)]
    free = len(ports) - len(taken)
    if free < FILES_PER_SESSION:
        return fail(
            "media ports", f"{free} of {config.udp_ports} are free", "choose another range for udp_ports"
        )
    if free < 2 * config.max_sessions:
        return warn(
            "media ports",
            f"{free} of {config.udp_ports} are free; a session needs one port for each offered address",
            "enlarge udp_ports, or lower max_sessions",
        )
    return ok("media ports", f"{free} of {len(ports)} are free")


def _udp_is_free(port: int) -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("", port))
    except OSError:
        return False
    return True


def _addresses(config: Config) -> Finding:
    try:
        check_own_addresses(config.ice_address)
    except ConfigError as error:
        return fail("addresses", str(error), "correct ice_address; behind a NAT, set public_address instead")
    offered = list(config.public_address or config.ice_address or machine_addresses())
    if not offered:
        return fail("addresses", "this machine has no address to offer", "set ice_address")
    text = ", ".join(offered)
    if config.server_ice_policy == "relay":
        return ok("addresses", "only the address of the TURN server is offered")
    if not is_loopback(config.host) and not any(ip_address(address).is_global for address in offered):
        return warn(
            "addresses",
            f"{text}: reachable from this network only",
            "for other peers, set public_address or a TURN server (docs/deploy/)",
        )
    return ok("addresses", f"{text} offered for media")


def _secure_context(config: Config) -> Finding:
    try:
        certificate = find_certificate(config)
        if certificate is not None:
            certificate.context()
            return ok("secure context", f"https with {certificate.cert}")
    except ConfigError as error:
        return fail("secure context", str(error), f"run `{COMMAND} certs`, or set tls to off")
    if is_loopback(config.host) or config.host == "localhost":
        return ok("secure context", "http on this machine: browsers open the camera")
    return warn(
        "secure context",
        f"http on {config.host}: browsers on other machines do not open the camera",
        f"run `{COMMAND} certs`, or use a reverse proxy with TLS (docs/deploy/)",
    )
