"""Simulate clusters of up to 1,000 nodes and 50,000 peers: which placement is best, and what breaks first.

Discrete events, no network and no media: seconds of a cluster are a number. The placement and the admission are those
of the product; costs come from docs/performance.md and benchmarks/gateway.py, and can be given. Left out: packets that
get lost, gateways and nodes that slow down under load (their load is computed, not felt), limits by address, peers that
cost more than others, and the load balancer before the gateways, which is taken to choose by chance.
"""

import argparse
import sys
import time
from dataclasses import replace

from benchmarks import measured
from benchmarks.cluster.policies import Policy, best_of, least_loaded, product, round_robin, uniform
from benchmarks.cluster.scenes import Axes, day, killed, upgrade
from benchmarks.cluster.world import LARGE, Machine
from benchmarks.measured import say
from facestream.cluster.placement import ASK_EVERY_S, NODES_A_SECOND

Figures = dict[str, object]
POLICIES: dict[str, Policy] = {
    "round robin": round_robin,
    "by chance": uniform,
    "least loaded": least_loaded,
    "best of 2, no reservations": best_of(2, reserved="ignored"),
    "best of 2": best_of(2),
    "product": product,
}
ROWS = (
    ("2nd", "second_try"),
    ("3rd", "third_try"),
    ("rejected", "rejected"),
    ("though free", "rejected_though_free"),
    ("spread", "spread"),
)


def days(cases: dict[str, tuple[Axes, dict[str, int]]], seconds: float) -> Figures:
    """Every policy in every case."""
    figures: Figures = {}
    for title, (axes, more) in cases.items():
        rows: dict[str, Figures] = {}
        for name, policy in POLICIES.items():
            began_s = time.monotonic()
            rows[name] = day(axes, policy, seconds, **more)
            _row(title, name, rows[name], time.monotonic() - began_s)
        figures[title] = rows
    return figures


def _row(title: str, name: str, row: Figures, took_s: float) -> None:
    cells = "  ".join(f"{label} {row[key]}" for label, key in ROWS)
    say(f"{title:44} {name:27} {cells}  admitted {row['admitted_after_s']}  ({took_s:.1f} s)")


def ordinary_cases(*, quick: bool) -> dict[str, tuple[Axes, dict[str, int]]]:
    """Clusters on an ordinary day, at an event, and with new nodes."""
    if quick:
        return {
            "10 nodes, 2 gateways, event": (Axes(LARGE, 10, 2, load=0.3), {"event": 300}),
            "20 nodes, 4 gateways, 2 of them new": (Axes(LARGE, 20, 4, 5.0, 0.9), {"event": 40, "empty": 2}),
        }
    cases: dict[str, tuple[Axes, dict[str, int]]] = {
        "3 small nodes, 1 gateway": (Axes(Machine(), 3, 1, load=0.6), {}),
    }
    # Few gateways that ask often know most; many that ask rarely know least.
    for gateways, poll_s in ((1, 1.0), (4, 2.0), (16, 1.0), (16, 5.0)):
        axes = Axes(LARGE, 100, gateways, poll_s)
        name = f"100 nodes, {gateways} gateways, {poll_s:g} s"
        cases[f"{name}: ordinary day"] = axes, {}
        cases[f"{name}: 4,000 in a minute"] = replace(axes, load=0.1), {"event": 4000}
        cases[f"{name}: 10 new nodes"] = replace(axes, load=0.9), {"event": 600, "empty": 10}
        cases[f"{name}: too many peers"] = replace(axes, load=0.97), {"event": 300}
    cases["1,000 nodes, 16 gateways, 5 s: 5,000 in a minute"] = Axes(LARGE, 1000, 16, 5.0), {"event": 5000}
    return cases


def product_only(*, quick: bool, seconds: float) -> Figures:
    """Questions about the product's policy alone: jitter of the questions and of the retries."""
    axes = Axes(LARGE, 20 if quick else 100, 16, 5.0, load=0.9)
    cases = {
        "polls spread over the interval": axes,
        "polls of a gateway all at once": replace(axes, jitter=0.0),
        "retries exactly after Retry-After, too many peers": replace(axes, poll_s=1.0, load=0.97),
        "retries spread by half, too many peers": replace(axes, poll_s=1.0, load=0.97, retry_spread=0.5),
    }
    figures: Figures = {}
    for title, case in cases.items():
        row = day(case, product, seconds, event=3 * case.nodes, empty=0 if case.load > 0.95 else 2)
        _row(title, "product", row, 0.0)
        figures[title] = row
    return figures


def losses(*, quick: bool) -> Figures:
    """Killed nodes."""
    cases = {
        "1 of 3 small nodes, half full": (Axes(Machine(), 3, 1, load=0.5), 1),
        "1 of 20 nodes": (Axes(LARGE, 20, 4), 1),
    }
    if not quick:
        cases |= {
            "1 of 100 nodes": (Axes(LARGE, 100, 4), 1),
            "10 of 100 nodes": (Axes(LARGE, 100, 4), 10),
            "100 of 1,000 nodes": (Axes(LARGE, 1000, 16, 5.0), 100),
        }
    figures: Figures = {}
    for title, (axes, nodes) in cases.items():
        figures[title] = found = killed(axes, product, nodes)
        say(f"killed: {title}: {found}")
    return figures


def upgrades(*, quick: bool) -> Figures:
    """Rolling upgrades."""
    cases = {"3 small nodes, 1 at once": (Axes(Machine(), 3, 1, load=0.5), 1)}
    if not quick:
        cases |= {
            "20 nodes, 1 at once": (Axes(LARGE, 20, 4), 1),
            "100 nodes, 5 at once": (Axes(LARGE, 100, 4), 5),
            "100 nodes, 20 at once": (Axes(LARGE, 100, 4), 20),
            "1,000 nodes, 50 at once": (Axes(LARGE, 1000, 16, 5.0), 50),
        }
    figures: Figures = {}
    for title, (axes, at_once) in cases.items():
        figures[title] = found = upgrade(axes, product, at_once, 60.0)
        say(f"upgrade: {title}: {found}")
    return figures


def gateway_load(args: argparse.Namespace) -> Figures:
    """What gateways have to do, computed from the cost of each kind of request."""
    figures: Figures = {}
    for nodes, gateways, offers_per_s in ((10, 2, 5.0), (100, 4, 20.0), (300, 8, 50.0), (1000, 16, 150.0)):
        every_s = max(ASK_EVERY_S, nodes / NODES_A_SECOND)
        polls = nodes / every_s
        shares = {
            "polling": polls * args.poll_ms / 1000,
            "offers": offers_per_s / gateways * args.offer_ms / 1000,
        }
        figures[f"{nodes} nodes, {gateways} gateways"] = {
            "offers_per_s": offers_per_s,
            "asked_every_s": every_s,
            "questions_per_s_of_a_gateway": round(polls, 1),
            "questions_per_s_to_a_node": round(gateways / every_s, 2),
            "core_share_of_a_gateway": {name: round(share, 3) for name, share in shares.items()},
            "if_asked_each_second": round(nodes * args.poll_ms / 1000, 3),
            "events_per_s_of_the_rest": round(max(0.0, 0.7 - sum(shares.values())) / (args.event_ms / 1000)),
        }
    return figures


def simulate(args: argparse.Namespace) -> Figures:
    """All questions."""
    seconds = 60.0 if args.quick else 150.0
    return {
        "costs_ms": {"offer": args.offer_ms, "poll": args.poll_ms, "event": args.event_ms},
        "placement": days(ordinary_cases(quick=args.quick), seconds),
        "jitter": product_only(quick=args.quick, seconds=seconds),
        "killed": losses(quick=args.quick),
        "upgrade": upgrades(quick=args.quick),
        "gateway_load": gateway_load(args),
    }


def main() -> None:
    """Simulate, print a row for each case, and write the JSON."""
    options = measured.parser((__doc__ or "").partition("\n\n")[0])
    options.add_argument(
        "--offer-ms", type=float, default=3.0, help="processor time of a gateway for an offer"
    )
    options.add_argument("--poll-ms", type=float, default=0.45, help="for asking one node how it is")
    options.add_argument("--event-ms", type=float, default=0.12, help="for one message of an event stream")
    args = options.parse_args()
    before, began_s = measured.circumstances(), time.monotonic()
    figures = simulate(args)
    figures["took_s"] = round(time.monotonic() - began_s, 1)
    measured.write("cluster_model", args, before, figures)
    sys.stderr.flush()


if __name__ == "__main__":
    main()
