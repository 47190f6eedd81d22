"""Count the processor cores that this process may use, within container and service limits; only reads files."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

CGROUPS = Path("sys/fs/cgroup")


def usable_cores(root: Path = Path("/"), allowed: int | None = None) -> float:
    """Cores this process may use, as a fraction: the smallest of its affinity and its cgroup limits.

    Covers cgroup v2 (`cpu.max`) and v1 (`cpu.cfs_quota_us`), which containers and systemd's `CPUQuota` set, at each
    level from the process's own group upwards. `root` and `allowed` are for tests.
    """
    cores = float(allowed or _allowed_by_affinity())
    return min([cores, *_quotas(root)])


def _allowed_by_affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return  # not Linux
    for line in lines:
        controllers, _, group = line.partition(":")[2].partition(":")
        if not controllers:
            for mount in (CGROUPS, CGROUPS / "unified"):
                for level in _levels(root / mount, group):
                    yield from _quota_v2(level)
        elif "cpu" in controllers.split(","):
            for mount in {CGROUPS / controllers, CGROUPS / "cpu"}:
                for level in _levels(root / mount, group):
                    yield from _quota_v1(level)


def _levels(mount: Path, group: str) -> Iterator[Path]:
    """The group's folder and its parents up to the mount point.

    In a container, the path may be that of the host while the mount point is the container's own group: so a missing
    folder is not an error.
    """
    parts = [part for part in PurePosixPath(group).parts if part not in {"/", ".."}]
    for depth in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:depth])


def _quota_v2(group: Path) -> Iterator[float]:
    try:
        quota, period = (group / "cpu.max").read_text().split()[:2]
        yield int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return  # no limit here ("max"), or no such file


def _quota_v1(group: Path) -> Iterator[float]:
    try:
        quota = int((group / "cpu.cfs_quota_us").read_text())
        period = int((group / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return
    if quota > 0 and period > 0:  # -1: no limit
        yield quota / period
