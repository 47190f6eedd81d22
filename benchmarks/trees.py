"""Make another commit of this repository runnable, for benchmarks that compare it with the working tree.

The files of a commit come from `git archive` and lie in build/bench/trees. The models and the packages are those of
this checkout.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measured import ROOT, say

FOLDER = ROOT / "build" / "bench" / "trees"
LINKED = (Path("models") / "cache", Path("build") / "media")
"""Folders without a commit, whose files a tree shares with this checkout."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of one commit."""

    root: Path
    commit: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a Python that imports this tree's modules instead of those of this checkout."""
        return os.environ | {"PYTHONPATH": str(self.root)}


def working_tree() -> Tree:
    """This checkout, with what is not committed yet."""
    changed = _git("status", "--porcelain", "--", "facestream", "server.py")
    return Tree(ROOT, _commit("HEAD") + (" and changes" if changed else ""))


def tree_of(revision: str) -> Tree:
    """The files of this commit, made once; raises SystemExit if there is no such commit."""
    commit = _commit(revision)
    root = FOLDER / commit
    if not root.is_dir():
        say(f"preparing {revision} in {root}")
        part = root.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "--extract", "--directory", str(part)], input=archive, check=True)
        for folder in LINKED:
            _link_files(ROOT / folder, part / folder)
        # Its server is measured by today's benchmarks: `python -m benchmarks.NAME` in the tree finds these.
        shutil.rmtree(part / "benchmarks")
        (part / "benchmarks").symlink_to(ROOT / "benchmarks")
        part.replace(root)
    tree = Tree(root, commit)
    # Compiles what this commit compiles, and fetches nothing that this checkout has.
    made = subprocess.run(
        [sys.executable, "-m", "facestream", "models"],
        cwd=root, env=tree.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        raise SystemExit(f"the models of {revision} cannot be prepared:\n{made.stderr[-2000:]}")
    return tree


def _link_files(source: Path, target: Path) -> None:
    """A folder of links, and not one link: what the other commit writes stays in its own tree."""
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.is_file():
            (target / path.name).symlink_to(path.resolve())


def _commit(revision: str) -> str:
    commit = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if not commit:
        raise SystemExit(f"{revision}: expected a commit of this repository (`git log` lists them)")
    return commit


def _git(*arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return ran.stdout.strip()
