"""`facestream cluster`: look at and drain the nodes of a cluster; with Ray, also start and end them."""

import argparse
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from facestream.cli.arguments import add_settings, config_from, number_of
from facestream.cli.streams import say
from facestream.errors import ConfigError
from facestream.messages.cluster import MAX_DRAIN_S

if TYPE_CHECKING:
    from facestream.cluster.rows import NodeRow

FAILED_EXIT = 1
DEADLINE_S = 60.0
LOCAL_STOP_LIMIT_S = 20.0
HEADINGS = ("NODE", "MACHINE", "STATE", "SESSIONS", "PLACES", "MS/FRAME", "FPS", "VERSION", "ERROR")
RIGHT = frozenset({"SESSIONS", "PLACES", "MS/FRAME", "FPS"})
LISTED_SETTINGS = ("nodes", "cluster_secret", "cluster_secret_file", "nodes_ca")
_GOOD: dict[str, set[str]] = {
    "up": {"running"},
    "drain": {"empty", "drained"},
    "down": set(),
}
"""What a node must have become, by the action."""
_ERROR_CHARS = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="cluster_action")
    up = actions.add_parser("up", help="give every machine with the resource facestream_media its server")
    up.add_argument(
        "--local", type=_nodes, metavar="N",
        help="try it out: start Ray with N nodes on this machine and a gateway, until Ctrl-C",
    )  # fmt: skip
    up.add_argument("--port", metavar="PORT", help="with --local: TCP port of the gateway (default: 8080)")
    status = actions.add_parser("status", help="show the nodes, their sessions and places")
    status.add_argument("--json", action="store_true", help="print JSON")
    drain = actions.add_parser(
        "drain", help="move the peers of one node to the others; with Ray, then stop its server"
    )
    drain.add_argument(
        "node", metavar="NODE", help="name, as `status` shows it, host name or address, or http://HOST:PORT"
    )
    for action in (status, drain):
        add_settings(action.add_argument_group("nodes without Ray"), LISTED_SETTINGS)
    down = actions.add_parser("down", help="drain and end all nodes; first stop the gateways")
    for action in (drain, down):
        action.add_argument(
            "--deadline-s", type=_deadline, default=DEADLINE_S, metavar="S",
            help="after this, sessions that are left are ended (default: %(default).0f)",
        )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Do one action; returns 1 if a node does not serve, or does not end. Raises RayUnavailableError, ConfigError."""
    if args.cluster_action == "up" and args.local:
        return _run_local(args.local, args.port)
    if args.cluster_action == "up" and args.port is not None:
        raise ConfigError("--port: is that of the gateway of --local N; expected both, or none", "--port")
    if args.cluster_action in {"status", "drain"} and (listed := _without_ray(args)) is not None:
        return _conclude(args, listed)
    from facestream.cluster.ray.connection import connected

    with connected():
        from facestream.cluster.ray import control

        match args.cluster_action:
            case "up":
                found = control.bring_up(say)
            case "status":
                found = control.look()
            case "drain":
                found = [control.drain(args.node, args.deadline_s, say)]
            case _:
                found = control.take_down(args.deadline_s, say)
    return _conclude(args, found)


def _without_ray(args: argparse.Namespace) -> "list[NodeRow] | None":
    """Do it with nodes that are named by their addresses; None: they are those of Ray."""
    config = config_from(args)
    node = args.node if args.cluster_action == "drain" else ""
    by_address = node.startswith(("http://", "https://"))
    if not by_address and (not config.nodes or "ray" in config.nodes):
        return None
    secret = config.shared_secret()
    if not secret:
        raise ConfigError(
            "cluster_secret: got none; expected that of the nodes, such as --cluster-secret-file FILE",
            "cluster_secret",
        )
    from facestream.cluster import listed
    from facestream.cluster.static import sources_of
    from facestream.gateway.node_client import tls_context

    tls = tls_context(config.nodes_ca)
    if by_address:
        return [listed.drain(node.rstrip("/"), secret, tls, args.deadline_s, say)]
    found = listed.look(listed.find_urls(sources_of(config)), secret, tls)
    if args.cluster_action == "status":
        return found
    return [listed.drain(listed.address_of(node, found), secret, tls, args.deadline_s, say)]


def _conclude(args: argparse.Namespace, found: "list[NodeRow]") -> int:
    """Print what came of it; returns the exit code."""
    match args.cluster_action:
        case "status" if args.json:
            text = json.dumps([row.to_json() for row in found], indent=2)
        case "down":
            text = as_table(found) if found else "all nodes have ended"
        case _:
            text = as_table(found)
    sys.stdout.write(f"{text}\n")
    for sentence in _complaints(found):
        say(sentence)
    good = _GOOD.get(args.cluster_action)
    return FAILED_EXIT if good is not None and any(row.state not in good for row in found) else 0


def as_table(found: "Sequence[NodeRow]") -> str:
    """The nodes as lines with columns; empty cells where a node says nothing."""
    lines = [HEADINGS, *map(_cells, found)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if heading in RIGHT else cell.ljust(width)
            for heading, cell, width in zip(HEADINGS, line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _cells(row: "NodeRow") -> tuple[str, ...]:
    address = urlsplit(row.url).netloc or row.host
    where = f"{row.machine} ({address})" if row.machine and row.machine != row.host else address
    error = row.error if len(row.error) <= _ERROR_CHARS else f"{row.error[:_ERROR_CHARS]}..."
    if (info := row.node) is None:
        return (row.name, where, row.state, "", "", "", "", row.version, error)
    return (
        row.name, where, row.state, str(info.sessions), str(info.places), f"{info.frame_ms:.1f}", f"{info.fps:.1f}",
        info.version, error,
    )  # fmt: skip


def _complaints(found: "Sequence[NodeRow]") -> list[str]:
    """What is wrong between the machines."""
    sentences = []
    if len({row.secret for row in found if row.secret}) > 1:
        named = ", ".join(f"{row.name} ({row.secret})" for row in found if row.secret)
        sentences.append(
            f"the machines have different cluster secrets: {named}; expected the same on all and at the gateways, "
            "which get no answer from the others"
        )
    if len({row.version for row in found if row.version}) > 1:
        sentences.append(
            "the machines have different versions of facestream; a gateway uses those of its own only"
        )
    return sentences


def _run_local(nodes: int, port: str | None) -> int:
    """Run a cluster and its gateway on this machine until Ctrl-C."""
    from facestream.cluster.ray.connection import connected
    from facestream.cluster.ray.local import local_cluster

    say(f"starting Ray with {nodes} nodes on this machine (Ctrl-C ends it all)")
    _stop_at_signals()
    with local_cluster(nodes) as environment:
        try:
            with connected():
                from facestream.cluster.ray import control

                found = control.bring_up(say)
            # Ray has replaced the handler of SIGTERM.
            _stop_at_signals()
            sys.stdout.write(as_table(found) + "\n")
            sys.stdout.flush()
            say(
                f"in another terminal: `. {environment}`, and then `facestream cluster status` or `drain NODE`"
            )
            command = [sys.executable, "-m", "facestream", "gateway", "--nodes", "ray"]
            if port is not None:
                command += ["--port", port]
            return _run_in_foreground(command)
        finally:
            with contextlib.suppress(Exception), connected():
                control.take_down(0, say)


def _stop_at_signals() -> None:
    """Raise KeyboardInterrupt at both signals: a shell starts its background jobs with SIGINT ignored, for example."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def _run_in_foreground(command: list[str]) -> int:
    """Run a program until it ends or Ctrl-C; returns its exit code. If this process is killed, it ends, too."""
    with subprocess.Popen(  # noqa: S603 - a fixed command
        [*command, "--stop-at-eof"], stdin=subprocess.PIPE, start_new_session=True
    ) as program:
        try:
            return program.wait()
        except KeyboardInterrupt:
            assert program.stdin is not None
            program.stdin.close()
            try:
                program.wait(LOCAL_STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                program.kill()
            return 0


def _nodes(text: str) -> int:
    from facestream.cluster.ray.names import MAX_LOCAL_NODES

    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= MAX_LOCAL_NODES:
        raise argparse.ArgumentTypeError(f"got {text!r}; expected 1 to {MAX_LOCAL_NODES} nodes")
    return number


def _deadline(text: str) -> float:
    seconds = number_of(text)
    if not 0 <= seconds <= MAX_DRAIN_S:
        raise argparse.ArgumentTypeError(f"got {text!r}; expected 0 to {MAX_DRAIN_S:.0f} seconds")
    return seconds
