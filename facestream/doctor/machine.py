"""The server's own side: versions, models, files, ports, addresses, how browsers will see the page. Starts nothing."""

import contextlib
import errno
import re
import resource
import socket
import sys
from collections.abc import Iterator
from importlib import metadata
from ipaddress import ip_address

from facestream.analysis.models import load_analyzer
from facestream.analysis.options import options_from
from facestream.config import Config
from facestream.doctor.findings import Finding, doubtful, right, wrong
from facestream.errors import ConfigError, ModelFileError
from facestream.ice.addresses import check_own_addresses, machine_addresses
from facestream.resources import (
    CLIENT_DIR,
    FETCH_MODELS,
    INSTALL_PINS,
    IS_CHECKOUT,
    MODELS_DIR,
    REINSTALL,
    REQUIREMENTS,
)
from facestream.web.auth.client_address import is_loopback
from facestream.web.http.descriptors import FILES_PER_SESSION, LEAST_CONNECTIONS, for_sessions, most
from facestream.web.routes.page import VENDOR_FILES
from facestream.web.tls import find_certificate
from facestream.workers.frame_memory import FrameMemory
from facestream.workers.shortage import shortage


def machine_findings(config: Config) -> Iterator[Finding]:
    """Everything that can be seen without a peer."""
    yield _python()
    yield _libraries()
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
    # An older one does not get so far: it cannot read this package.
    return right("python", ".".join(map(str, sys.version_info[:3])))


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
        return wrong("libraries", "; ".join(differing), REINSTALL)
    if differing:
        # An installed package allows a range of versions, so that other packages fit beside it.
        return doubtful("libraries", f"not the tested versions: {'; '.join(differing)}", INSTALL_PINS)
    return right("libraries", "every one has the version that requirements.txt names")


def _models(config: Config) -> Finding:
    if config.analysis_processes == 0:
        return doubtful(
            "models", "analysis_processes is 0: nothing is analysed", "raise it for boxes and emotions"
        )
    try:
        load_analyzer(MODELS_DIR, options_from(config))
    except ModelFileError as error:
        return wrong("models", str(error), FETCH_MODELS)
    except OSError as error:
        return wrong("models", f"cannot be read: {error}", "check who owns the files of facestream")
    return right("models", "have the right sha256, load, and see the known face")


def _page_libraries() -> Finding:
    missing = [
        name for name, path in VENDOR_FILES.items() if not (CLIENT_DIR / "node_modules" / path).is_file()
    ]
    if missing:
        return wrong("page libraries", f"{', '.join(missing)} missing: the page has no chart", REINSTALL)
    return right("page libraries", "installed")


def _open_files(config: Config) -> Finding:
    # The server raises its own limit to the hard one.
    soft, hard = map(most, resource.getrlimit(resource.RLIMIT_NOFILE))
    sessions = for_sessions(config)
    wanted = sessions + config.max_connections
    said = f"limit of {hard}" + (f", raised from {soft} at start" if soft < hard else "")
    how = f"ulimit -Hn {wanted}, or LimitNOFILE={wanted} in the systemd unit"
    if hard < sessions + LEAST_CONNECTIONS:
        return wrong("open files", f"{said}; {config.max_sessions} sessions alone need {sessions}", how)
    if hard < wanted:
        return doubtful(
            "open files",
            f"{said}; after {config.max_sessions} sessions this leaves {hard - sessions} HTTP connections of "
            f"{config.max_connections}",
            how,
        )
    return right("open files", f"{said}, {wanted} needed")


def _frame_memory(config: Config) -> Finding:
    """Shared memory of the analysis processes and the spare one: reserve it as the server does, then free it."""
    processes = config.analysis_processes + 1 if config.analysis_processes else 0
    size = config.max_frame_width_px * config.max_frame_height_px
    said = f"{processes} x {size / 1e6:.1f} MB, shared with the analysis processes"
    with contextlib.ExitStack() as reserved:
        try:
            for _ in range(processes):
                reserved.callback(FrameMemory.reserve(size).close)
        except (OSError, MemoryError) as error:
            return wrong(
                "frame memory",
                str(shortage(f"{said}, cannot be allocated", error)),
                "raise the limit, or lower max_frame_width_px, max_frame_height_px or analysis_processes",
            )
    return right("frame memory", f"{said}, can be allocated")


def _http_port(config: Config) -> Finding:
    try:
        family, _, _, _, address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, ValueError):
        return wrong(
            "http port", f"host {config.host!r} is no known address", "set host to one of this machine's"
        )
    try:
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1)
    except OSError as error:
        where = f"{config.host}:{config.port}"
        if error.errno == errno.EADDRINUSE:
            return doubtful(
                "http port",
                f"{where} is taken, perhaps by a running facestream",
                f"look at it with `doctor --url http://{where}`, or choose another --port",
            )
        return wrong("http port", f"{where}: {error.strerror}", "choose another --host or --port")
    return right("http port", f"{config.host}:{config.port} is free")


def _media_ports(config: Config, ports: range) -> Finding:
    taken = [port for port in ports if not _udp_is_free(port)]
    free = len(ports) - len(taken)
    if free < FILES_PER_SESSION:
        return wrong(
            "media ports", f"{free} of {config.udp_ports} are free", "choose another range for udp_ports"
        )
    if free < 2 * config.max_sessions:
        return doubtful(
            "media ports",
            f"{free} of {config.udp_ports} are free; a session takes one for each address offered",
            "widen udp_ports, or lower max_sessions",
        )
    return right("media ports", f"{free} of {len(ports)} are free")


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
        return wrong("addresses", str(error), "correct ice_address; behind a NAT, set public_address instead")
    offered = list(config.public_address or config.ice_address or machine_addresses())
    if not offered:
        return wrong("addresses", "this machine has none to offer", "name one with --ice-address")
    said = ", ".join(offered)
    if config.server_ice_policy == "relay":
        return right("addresses", "only that of the TURN server is offered")
    if not is_loopback(config.host) and not any(ip_address(address).is_global for address in offered):
        return doubtful(
            "addresses",
            f"{said}: reached from this network only",
            "for peers elsewhere set public_address, or TURN (docs/deploy/)",
        )
    return right("addresses", f"{said} offered for media")


def _secure_context(config: Config) -> Finding:
    try:
        certificate = find_certificate(config)
        if certificate is not None:
            certificate.context()
            return right("secure context", f"https with {certificate.cert}")
    except ConfigError as error:
        return wrong("secure context", str(error), "python -m facestream certs, or --tls off")
    if is_loopback(config.host) or config.host == "localhost":
        return right("secure context", "http on this machine, where browsers open the camera")
    return doubtful(
        "secure context",
        f"plain http on {config.host}: browsers of other machines do not open the camera",
        "python -m facestream certs, or a reverse proxy with TLS (docs/deploy/)",
    )
