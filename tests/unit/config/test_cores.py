"""The number of usable cores, from cgroup trees like those of containers and services."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from facestream.config import Config
from facestream.config.cores import usable_cores

V1 = "sys/fs/cgroup/cpu"


def tree(root: Path, cgroup: str, files: Mapping[str, str]) -> Path:
    """A root directory with /proc/self/cgroup and files of the cgroup file systems."""
    for name, text in {"proc/self/cgroup": cgroup, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("cgroup", "files", "cores"),
    [
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": ""}, 8),
        ("0::/\n", {}, 8),
        # systemd: CPUQuota=250% on the service, and a tighter one on its slice.
        ("0::/a.slice/b.service\n", {"sys/fs/cgroup/a.slice/b.service/cpu.max": "250000 100000"}, 2.5),
        (
            "0::/a.slice/b.service\n",
            {
                "sys/fs/cgroup/a.slice/b.service/cpu.max": "max 100000",
                "sys/fs/cgroup/a.slice/cpu.max": "50000 100000",
            },
            0.5,
        ),
        # Both cgroup versions, with the controller in version 1.
        (
            "4:cpu,cpuacct:/docker/3f\n1:name=systemd:/docker/3f\n0::/docker/3f\n",
            {f"{V1}/docker/3f/cpu.cfs_quota_us": "200000", f"{V1}/docker/3f/cpu.cfs_period_us": "100000"},
            2,
        ),
        (
            "4:cpu,cpuacct:/x\n",
            {f"{V1},cpuacct/x/cpu.cfs_quota_us": "100000", f"{V1},cpuacct/x/cpu.cfs_period_us": "50000"},
            2,
        ),
        # In a container, the file has the path of the group on the host, and the mount point is the group itself.
        (
            "4:cpu:/docker/3f\n",
            {f"{V1}/cpu.cfs_quota_us": "300000", f"{V1}/cpu.cfs_period_us": "100000"},
            3,
        ),
        ("4:cpu:/\n", {f"{V1}/cpu.cfs_quota_us": "-1", f"{V1}/cpu.cfs_period_us": "100000"}, 8),
        ("4:cpu:/\n", {f"{V1}/cpu.cfs_quota_us": "100000", f"{V1}/cpu.cfs_period_us": "0"}, 8),
        # The limits of other controllers do not count.
        ("9:cpuset:/x\n8:cpuacct:/x\n", {f"{V1}/x/cpu.cfs_quota_us": "1"}, 8),
        ("0::/../../other\n", {"sys/fs/cgroup/cpu.max": "100000 100000"}, 1),
    ],
)
def test_the_lowest_limit_of_all_cgroups_counts(
    tmp_path: Path, cgroup: str, files: dict[str, str], cores: float
):
    assert usable_cores(tree(tmp_path, cgroup, files), allowed=8) == cores


def test_a_limit_above_the_affinity_adds_no_cores(tmp_path: Path):
    root = tree(tmp_path, "0::/\n", {"sys/fs/cgroup/cpu.max": "800000 100000"})

    assert usable_cores(root, allowed=2) == 2


def test_without_cgroups_the_affinity_counts(tmp_path: Path):
    assert usable_cores(tmp_path) == len(os.sched_getaffinity(0))


def test_by_default_there_is_one_worker_for_each_whole_core():
    assert Config.model_fields["analysis_processes"].default == max(1, min(4, int(usable_cores())))
