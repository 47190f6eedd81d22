"""Check the folder for the results of sessions, if the settings name one: files can be written, space, retention."""

import shutil
from pathlib import Path

from facestream.config import Config
from facestream.doctor.findings import Finding, fail, ok, warn
from facestream.errors import ConfigError
from facestream.recording.folders import RecordFolders
from facestream.recording.recorder import check_record
from facestream.remedies import remedy_of
from facestream.replay.http import recorded_words

CHECK = "record"
BYTES_PER_HOUR = 155e6
"""Of one face at 28 frames per second with landmarks: faces.csv and frames.jsonl (docs/record.md)."""
LEAST_HOURS = 10.0


def record_finding(config: Config) -> Finding | None:
    """None: the settings ask for no records. Leaves no folder behind that was not there."""
    if config.record is None:
        return None
    missing = _missing_folders(config.record)
    try:
        check_record(config)
        free_bytes = shutil.disk_usage(config.record).free
        sessions = sum(1 for _ in RecordFolders(config.record).all())
    except ConfigError as error:
        return fail(CHECK, str(error), f"correct the setting {error.setting}")
    except OSError as error:
        return fail(CHECK, f"{config.record} cannot be read ({error.strerror})", remedy_of(error))
    finally:
        # A folder of the user of this command may be one that the server's user cannot write to.
        for folder in missing:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    hours = free_bytes / BYTES_PER_HOUR
    text = f"{config.record} has {sessions} sessions, and space for about {hours:.0f} h of one face"
    if hours < LEAST_HOURS:
        return warn(
            CHECK, text, "free up space on that disk, set record_days lower, or choose another folder"
        )
    if not config.record_days:
        return warn(CHECK, f"{text}; nothing is ever deleted", "set record_days")
    return ok(CHECK, f"{text}; {recorded_words(config.record_days)}")


def _missing_folders(path: Path) -> list[Path]:
    """Those that making `path` would make, the lowest first."""
    return [folder for folder in (path, *path.parents) if not folder.exists()]
