"""Outputs: what is checked before anything is written, and what stays when a command fails."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from facestream.errors import ConfigError
from facestream.results.outputs import Output, check_outputs
from tests.times import seconds


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\0\0\0\x20ftypisom")
    return path


def link_to(clip: Path) -> Path:
    path = clip.with_name("link")
    path.symlink_to(clip.name)
    return path


def hard_link_to(clip: Path) -> Path:
    path = clip.with_name("hard")
    path.hardlink_to(clip)
    return path


def detour_to(clip: Path) -> Path:
    (clip.parent / "folder").mkdir()
    return clip.parent / "folder" / ".." / clip.name


@pytest.mark.parametrize("other_name", [lambda clip: clip, link_to, hard_link_to, detour_to])
def test_an_output_that_is_an_input_is_refused_by_any_name(clip: Path, other_name: Callable[[Path], Path]):
    with pytest.raises(ConfigError, match=r"^--out: .* is an input of this command") as refused:
        check_outputs({"--out": other_name(clip)}, [clip], binary={"--out"})

    assert refused.value.setting == "--out"


def test_two_outputs_with_one_name_are_refused_even_if_the_file_does_not_exist(tmp_path: Path):
    (tmp_path / "here").symlink_to(tmp_path)

    with pytest.raises(ConfigError, match=r"--summary: .* is also the file of --telemetry"):
        check_outputs({"--telemetry": tmp_path / "a", "--summary": tmp_path / "here" / "a"}, [])


def test_two_outputs_may_be_the_same_device():
    check_outputs({"--telemetry": Path("/dev/null"), "--summary": Path("/dev/null"), "--out": None}, [])


def test_a_text_never_replaces_an_image_or_a_video(clip: Path):
    with pytest.raises(ConfigError, match=r"--jsonl: .*clip.mp4 exists and is no text"):
        check_outputs({"--jsonl": clip}, [])

    check_outputs({"--out": clip}, [], binary={"--out"})


def test_the_file_of_standard_output_is_refused(tmp_path: Path):
    code = (
        "from pathlib import Path; from facestream.results.outputs import check_outputs;"
        "check_outputs({'--jsonl': Path('/dev/stdout')}, []); check_outputs({'--jsonl': Path('o')}, [])"
    )
    with (tmp_path / "o").open("w") as out:
        ended = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, stdout=out, stderr=subprocess.PIPE, text=True,
            timeout=seconds(30), check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip

    assert "--jsonl: o is also standard output of this command" in ended.stderr


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path):
    path = tmp_path / "t.jsonl"
    path.write_text("old")

    output = Output(path, "--telemetry")
    output.open_text().write("new\n")
    during = path.read_text()
    output.commit()

    assert (during, path.read_text()) == ("old", "new\n")
    assert names(tmp_path) == ["t.jsonl"]


def test_a_check_leaves_everything_as_it_is(tmp_path: Path):
    (tmp_path / "empty").touch()

    Output(tmp_path / "empty", "--out")
    Output(tmp_path / "new", "--out")

    assert names(tmp_path) == ["empty"]


def fail_while_writing(output: Output) -> None:
    with output:
        output.open_text().write("new")
        raise RuntimeError


def test_an_exception_removes_what_was_written_and_nothing_else(tmp_path: Path):
    (tmp_path / "t").write_text("old")

    with pytest.raises(RuntimeError):
        fail_while_writing(Output(tmp_path / "t", "--out"))

    assert (tmp_path / "t").read_text() == "old"
    assert names(tmp_path) == ["t"]


def test_an_incomplete_result_is_kept_beside_the_old_file(tmp_path: Path):
    (tmp_path / "t.jsonl").write_text("old")
    output = Output(tmp_path / "t.jsonl", "--out")
    output.open_text().write("new")

    kept = output.keep_incomplete()

    assert kept == tmp_path / "t.incomplete.jsonl"
    assert (kept.read_text(), (tmp_path / "t.jsonl").read_text()) == ("new", "old")


def test_a_link_is_followed_and_stays(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to("folder/file")

    with Output(link, "--out") as output:
        output.open().write(b"new")

    assert link.is_symlink()
    assert (tmp_path / "folder" / "file").read_bytes() == b"new"


def test_the_permissions_of_the_old_file_stay(tmp_path: Path):
    path = tmp_path / "private"
    path.touch(0o600)

    with Output(path, "--out") as output:
        output.open().write(b"new")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_file_has_the_usual_permissions(tmp_path: Path):
    (tmp_path / "usual").touch()

    with Output(tmp_path / "new", "--out") as output:
        output.open()

    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("end", [Output.commit, Output.discard, Output.keep_incomplete])
def test_a_pipe_is_written_to_and_stays(tmp_path: Path, end: Callable[[Output], object]):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()

    output = Output(pipe, "--out")
    output.open().write(b"line")
    end(output)
    reader.join(seconds(10))

    assert read == [b"line"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_the_reader_of_a_pipe_gets_its_end_if_nothing_is_written(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    output = Output(pipe, "--out")

    output.discard()

    try:
        assert os.read(descriptor, 1) == b""
    finally:
        os.close(descriptor)


def test_a_device_is_written_to_and_stays():
    with Output(Path("/dev/null"), "--out") as output:
        output.open().write(b"nothing")

    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_descriptor_that_the_shell_has_opened_is_continued(tmp_path: Path):
    with (tmp_path / "log").open("wb", buffering=0) as log:
        log.write(b"before ")
        with Output(Path(f"/dev/fd/{log.fileno()}"), "--out") as output:
            output.open().write(b"result ")
        log.write(b"after")

    assert (tmp_path / "log").read_bytes() == b"before result after"


def test_a_descriptor_for_reading_is_refused(clip: Path):
    with (
        clip.open("rb") as reading,
        pytest.raises(ConfigError, match=r"--out: .* open for reading only"),
    ):
        Output(Path(f"/dev/fd/{reading.fileno()}"), "--out")


@pytest.mark.parametrize("name", ["", "missing/file", "clip.mp4/file", "loop", "x" * 300, "nul\0"])
def test_a_path_that_cannot_be_written_is_reported_at_once(clip: Path, name: str):
    clip.with_name("loop").symlink_to("loop")

    with pytest.raises(ConfigError, match=r"^--out: .* cannot be written \(") as refused:
        Output(clip.parent / name, "--out")

    assert refused.value.setting == "--out"


def test_a_name_of_the_greatest_length_can_be_written(tmp_path: Path):
    name = "\u00fc" * 127

    with Output(tmp_path / name, "--out") as output:
        output.open()

    assert names(tmp_path) == [name]


def test_a_full_disk_costs_neither_the_old_file_nor_space(tmp_path: Path):
    code = """
import resource, signal
from pathlib import Path
from facestream.results.outputs import Output
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
with Output(Path("t"), "--out") as output:
    output.open_text().write("x" * 1000)
"""
    (tmp_path / "t").write_text("old")

    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=seconds(30),
        check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip

    assert "File too large" in ended.stderr
    assert (tmp_path / "t").read_text() == "old"
    assert names(tmp_path) == ["t"]


def test_a_killed_process_leaves_the_old_file(tmp_path: Path):
    code = """
import os, signal
from pathlib import Path
from facestream.results.outputs import Output
output = Output(Path("t"), "--out")
output.open().write(b"x")
os.kill(os.getpid(), signal.SIGKILL)
"""
    (tmp_path / "t").write_text("old")

    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, timeout=seconds(30), check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip

    assert (tmp_path / "t").read_text() == "old"
    assert all(name.startswith(".t.") for name in names(tmp_path) if name != "t")


def test_a_name_that_is_not_utf_8_is_written_with_escapes(tmp_path: Path):
    with Output(tmp_path / "t", "--out") as output:
        output.open_text().write("\udcff\n")

    assert (tmp_path / "t").read_bytes() == b"\\udcff\n"
