"""Read from /proc what a process and its children use."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MB = 1e6


@dataclass(frozen=True, slots=True)
class Usage:
    """The resources of a process tree at one time."""

    cpu_s: float
    """User and system time of the process and of every living descendant."""
    own_cpu_s: float
    """Of the process alone."""
    rss_mb: float
    """Of the tree; memory that the processes share counts once for each."""
    own_rss_mb: float
    file_descriptors: int
    """Of the process alone, like the threads."""
    threads: int
    processes: int


def usage(pid: int) -> Usage:
    """The resources of a process and its descendants; raises ProcessLookupError if it has ended."""
    if not Path(f"/proc/{pid}").exists():
        raise ProcessLookupError(f"process {pid} is gone")
    tree = list(_tree(pid))
    cpus = {each: _cpu_s(each) for each in tree}
    sizes = {each: _rss_mb(each) for each in tree}
    return Usage(
        cpu_s=sum(cpus.values()),
        own_cpu_s=cpus[pid],
        rss_mb=round(sum(sizes.values()), 2),
        own_rss_mb=round(sizes[pid], 2),
        file_descriptors=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        threads=len(list(Path(f"/proc/{pid}/task").iterdir())),
        processes=len(tree),
    )


def shared_out_mb(pid: int) -> float:
    """Memory of a process and its descendants (PSS): a page that n processes share counts as an n-th for each."""
    return round(sum(_pss_mb(each) for each in _tree(pid)), 2)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return  # the process has ended meanwhile
    for task in tasks:
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue  # the thread has ended meanwhile
        for child in children:
            yield from _tree(int(child))


def _cpu_s(pid: int) -> float:
    try:
        # The name, in parentheses, may contain spaces and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _rss_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / MB
    except OSError:
        return 0.0


def _pss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) * 1024 / MB for line in lines if line.startswith("Pss:"))
