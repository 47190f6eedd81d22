"""Search every file that git has or would add for keys, tokens and passwords; with --history, every commit too."""

import fnmatch
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parents[1]
GIT_DEADLINE_S = 120
# Hundreds of npm checksums, and files that are not text.
LEFT_OUT = ("*package-lock.json", "*.tflite", "*.jpg", "*.png")
# What looks like a secret but is none: file, kind, reason.
KNOWN = (
    ("models/*.json", "Hex High Entropy String", "sha256 of the models"),
    ("scripts/fetch_test_media.py", "Hex High Entropy String", "sha256 of the test clips"),
    ("scripts/upstream_tests.py", "Hex High Entropy String", "sha256 of the source distributions"),
    ("benchmarks/analysis_emotion.py", "Hex High Entropy String", "git's names of earlier models"),
    ("tests/*", "Secret Keyword", "made-up passwords of servers that live for a test"),
    ("tests/unit/*", "Basic Auth Credentials", "made-up passwords in addresses, which must not be shown"),
    ("tests/media/test_addresses_of_servers.py", "Basic Auth Credentials", "the same"),
    ("docs/*", "Secret Keyword", "names of settings, and words like CHANGE-ME"),
    ("benchmarks/*", "Secret Keyword", "made-up passwords of servers that live for a measurement"),
    ("deploy/*", "Secret Keyword", "names of settings and of files"),
    ("facestream/web/auth/guards.py", "Secret Keyword", "names of settings, headers and variables"),
)
STRONG = (
    "ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "GitHubTokenDetector", "GitLabTokenDetector",
    "JwtTokenDetector", "MailchimpDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector",
    "SendGridDetector", "SlackDetector", "SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector",
    "TwilioKeyDetector", "DiscordBotTokenDetector",
)  # fmt: skip
WEAK = ("BasicAuthDetector", "KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString")


@dataclass(frozen=True, slots=True)
class Suspect:
    """A line that looks like a secret; the secret itself is not stored."""

    path: str
    line: int
    kind: str

    @property
    def known(self) -> bool:
        """Whether it is listed as harmless."""
        return any(fnmatch.fnmatch(self.path, path) and self.kind == kind for path, kind, _ in KNOWN)


def suspects_in_files() -> list[Suspect]:
    """All findings in the current files."""
    plugins = {"plugins_used": [{"name": name} for name in (*STRONG, *WEAK)]}
    with transient_settings(plugins):
        return [
            Suspect(path, found.line_number, found.type)
            for path in tracked_files()
            for found in scan_file(str(ROOT / path))
        ]


def suspects_in_history() -> list[Suspect]:
    """All findings in the history, where a deleted secret is still public; keys only, not the many checksums."""
    with (
        tempfile.TemporaryDirectory() as folder,
        transient_settings({"plugins_used": [{"name": n} for n in STRONG]}),
    ):
        patch = Path(folder) / "history.txt"
        patch.write_text(
            _git(
                "log",
                "--all",
                "--patch",
                "--unified=0",
                "--no-color",
                "--",
                ".",
                ":!*package-lock.json",
            )
        )
        return [Suspect("history", found.line_number, found.type) for found in scan_file(str(patch))]


def tracked_files() -> Iterator[str]:
    """The files that git has, or would have after `git add .`."""
    for path in _git("ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        if (ROOT / path).is_file() and not any(fnmatch.fnmatch(path, pattern) for pattern in LEFT_OUT):
            yield path


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words],  # noqa: S607 - found in the user's PATH
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=GIT_DEADLINE_S,
    )
    return done.stdout.decode(errors="replace")


def main() -> int:
    """Print each finding that is not listed as harmless; returns 1 if there is one."""
    found = suspects_in_files()
    if "--history" in sys.argv[1:]:
        found += suspects_in_history()
    unknown = [suspect for suspect in found if not suspect.known]
    for suspect in unknown:
        sys.stdout.write(f"{suspect.path}:{suspect.line}: looks like a secret ({suspect.kind})\n")
    if unknown:
        sys.stdout.write(
            "take it out and change it, or add it to KNOWN in scripts/scan_secrets.py with its reason\n"
        )
        return 1
    sys.stdout.write(f"no secrets found; {len(found)} known checksums and made-up words\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
