import os
from pathlib import Path

import pytest

from facestream.errors import ConfigError
from facestream.offline.sources import SourceKind, find_sources


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def shown(*arguments: object) -> list[str]:
    return [source.shown for source in find_sources([str(argument) for argument in arguments]).sources]


def test_a_folder_is_searched_with_all_folders_in_it_in_natural_order(tmp_path: Path):
    touch(tmp_path, "clip10.mp4", "clip2.MP4", "b/a.jpg", "b/c/d.webm")

    assert shown(tmp_path) == [
        str(tmp_path / name) for name in ("clip2.MP4", "clip10.mp4", "b/a.jpg", "b/c/d.webm")
    ]


def test_hidden_files_are_left_out_and_others_are_counted(tmp_path: Path):
    touch(tmp_path, "a.mp4", "._a.mp4", ".cache/b.mp4", "notes.txt", "table.csv")

    found = find_sources([str(tmp_path)])

    assert [source.path.name for source in found.sources] == ["a.mp4"]
    assert found.left_out == 2


def test_a_file_that_is_named_is_taken_whatever_its_suffix(tmp_path: Path):
    touch(tmp_path, "recording.dat")

    assert shown(tmp_path / "recording.dat") == [str(tmp_path / "recording.dat")]


def test_a_file_that_is_found_twice_is_analysed_once(tmp_path: Path):
    touch(tmp_path, "a.mp4", "b.mp4")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "a.mp4")

    assert shown(tmp_path / "b.mp4", tmp_path) == [str(tmp_path / "b.mp4"), str(tmp_path / "a.mp4")]


def test_a_pattern_finds_files_also_below(tmp_path: Path):
    touch(tmp_path, "a.mp4", "b/c.mp4", "b/c.txt")

    assert shown(tmp_path / "**" / "*.mp4") == [str(tmp_path / "a.mp4"), str(tmp_path / "b/c.mp4")]


def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern(tmp_path: Path):
    touch(tmp_path, "clip[1].mp4", "clip1.mp4")

    assert shown(tmp_path / "clip[1].mp4") == [str(tmp_path / "clip[1].mp4")]


def test_an_address_is_shown_without_password_and_query():
    (source,) = find_sources(["rtsp://anna:secret@cam.example.org:554/live?token=1"]).sources

    assert source.kind is SourceKind.ADDRESS
    assert source.is_live
    assert source.shown == "rtsp://cam.example.org:554/live"
    assert source.where == "rtsp://anna:secret@cam.example.org:554/live?token=1"
    assert "secret" not in source.identity


def test_two_addresses_that_differ_in_their_query_are_two_sources():
    assert len(shown("http://cam/video?camera=1", "http://cam/video?camera=2")) == 2


@pytest.mark.parametrize("argument", ["ftp://anna:secret@host/a.mp4", "rtsp://", "http://host:99999/a"])
def test_an_address_that_cannot_be_read_is_refused_without_its_password(argument: str):
    with pytest.raises(ConfigError, match="not an address") as error:
        find_sources([argument])

    assert "secret" not in str(error.value)


@pytest.mark.parametrize("password", ["secret/word", "12/secret", "a@secret/b@c"])
def test_a_password_that_is_not_encoded_is_refused_and_not_shown(password: str):
    with pytest.raises(ConfigError, match=r"@ as %40|not an address") as error:
        find_sources([f"rtsp://anna:{password}@cam.example.org/live"])

    shown_address = str(error.value).partition(": ")[0]
    assert shown_address == "rtsp://cam.example.org/live"


def test_a_device_is_a_camera():
    (source,) = find_sources(["/dev/null"]).sources

    assert source.kind is SourceKind.CAMERA


@pytest.mark.parametrize("name", ["nothing.mp4", "nothing*.mp4", "empty"])
def test_a_name_without_a_source_is_refused(tmp_path: Path, name: str):
    (tmp_path / "empty").mkdir()

    with pytest.raises(ConfigError):
        find_sources([str(tmp_path / name)])


def test_a_broken_link_in_a_folder_is_a_source_that_fails(tmp_path: Path):
    touch(tmp_path, "clip.mp4")
    (tmp_path / "gone.mp4").symlink_to("/mnt/disk/gone.mp4")
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "text").symlink_to("gone")
    os.mkfifo(tmp_path / "pipe.mp4")

    names = [Path(name).name for name in shown(tmp_path)]

    assert names == ["clip.mp4", "gone.mp4", "loop.mp4"]


def test_a_pipe_and_a_broken_link_are_refused(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "link.mp4").symlink_to("gone.mp4")

    for name in ("pipe.mp4", "link.mp4"):
        with pytest.raises(ConfigError, match=name):
            find_sources([str(tmp_path / name)])
