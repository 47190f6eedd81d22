from pathlib import Path

import pytest

from facestream.clips.layout import Layout, layout_of
from tests.unit.clips.making import cut, noise, write_video


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv", "clip.avi"])
def test_a_whole_file_is_not_cut_off_and_its_half_is(tmp_path: Path, name: str):
    path = write_video(tmp_path / name, noise(10))

    assert layout_of(path) == Layout()
    assert layout_of(cut(path, 0.5)).cut_off


def test_an_mp4_without_its_index_is_recognised(tmp_path: Path):
    path = cut(write_video(tmp_path / "clip.mp4", noise(10)), 0.5)

    assert layout_of(path).lacks_index


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\0\1ftyp", b"\x1a\x45\xdf\xa3", b"RIFF", bytes(64), b"\0\0\0\2moov" * 9]
)
def test_any_bytes_have_a_layout(tmp_path: Path, content: bytes):
    path = tmp_path / "clip"
    path.write_bytes(content)

    layout_of(path)


def test_a_recording_of_a_browser_states_no_end(tmp_path: Path):
    # It writes a segment of unknown length.
    path = tmp_path / "clip.webm"
    path.write_bytes(bytes.fromhex("1a45dfa3 80 18538067 01ffffffffffffff 1f43b675"))

    assert layout_of(path) == Layout()
