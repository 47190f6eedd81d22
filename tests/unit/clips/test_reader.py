"""Which frames are read at which time, and what is said about a faulty clip."""

import pickle
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from facestream.clips.clip import open_clip
from facestream.clips.reader import ClipFrame, Problem, Selection
from facestream.errors import ClipError
from facestream.media.planes import planes_of
from tests.unit.clips.making import cut, levels, noise, write_video


def read(path: Path, selection: Selection | None = None) -> tuple[list[ClipFrame], tuple[Problem, ...]]:
    with open_clip(path).frames(selection) as reader:
        frames = list(reader)
    return frames, reader.problems


def times_s(frames: list[ClipFrame]) -> list[float]:
    return [round(frame.at_s, 3) for frame in frames]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_video(tmp_path / "clip.mp4", levels(20))


@pytest.mark.parametrize(
    "name", ["12:30.mp4", "two\nlines.mp4", "😀.mp4", "%03d.mp4", "n\udce7.mp4", "-i.mp4"]
)
def test_any_name_is_read(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    write_video(tmp_path / "clip.mp4", levels(3)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)

    assert len(read(Path(name))[0]) == 3


def test_a_title_that_is_not_utf8_does_not_matter(tmp_path: Path):
    path = tmp_path / "old.avi"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Fest in Koln"
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for number in range(3):
            frame = av.VideoFrame(64, 48, "yuvj420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    path.write_bytes(path.read_bytes().replace(b"Koln", "K\u00f6ln".encode("latin-1")))

    assert len(read(path)[0]) == 3


def test_a_part_in_the_middle_keeps_its_times_and_numbers(tmp_path: Path):
    options = {"crf": "1", "g": "10"}
    path = write_video(tmp_path / "long.mp4", levels(25) * 4, options=options)

    frames, _ = read(path, Selection(start_s=8.05, end_s=8.55))

    assert times_s(frames) == [8.1, 8.2, 8.3, 8.4, 8.5]
    assert [frame.number for frame in frames] == [81, 82, 83, 84, 85]
    assert [int(frame.gray[0, 0]) for frame in frames] == pytest.approx(
        [16 + (20 + 8 * (number % 25)) * 219 / 255 for number in range(81, 86)], abs=3
    )


@pytest.mark.parametrize("name", ["clip.mp4", "clip.ts", "clip.webm", "clip.avi", "clip.h264"])
def test_a_part_has_the_same_frames_as_the_whole(tmp_path: Path, name: str):
    """Also if the frame rate varies, and a seek ends after the only key frame before the part."""
    times = [number / 10 if number < 80 else 8 + (number - 80) * 0.4 for number in range(110)]
    codec, options = "libx264", {"crf": "1", "g": "70", "sc_threshold": "0", "bf": "2"}
    if name == "clip.webm":
        codec, options = "libvpx", {"g": "70", "auto-alt-ref": "1", "lag-in-frames": "8"}
    path = write_video(tmp_path / name, levels(22) * 5, times_s=times, codec=codec, options=options)
    whole, _ = read(path)

    for start_s in (6.95, 10.0, 12.3):
        part, _ = read(path, Selection(start_s=start_s))

        expected = [frame for frame in whole if frame.at_s >= start_s]
        assert [frame.number for frame in part] == [frame.number for frame in expected]
        assert times_s(part) == pytest.approx(times_s(expected), abs=0.002)
        assert [frame.gray.mean() for frame in part] == pytest.approx(
            [frame.gray.mean() for frame in expected]
        )


def test_each_third_frame_is_taken(clip: Path):
    frames, _ = read(clip, Selection(every=3))

    assert [frame.number for frame in frames] == [0, 3, 6, 9, 12, 15, 18]


def test_a_frame_rate_is_not_exceeded(clip: Path):
    frames, _ = read(clip, Selection(max_fps=4))

    assert all(later - earlier > 0.15 for earlier, later in pairwise(times_s(frames)))
    assert len(frames) == pytest.approx(4 * 2, abs=1)


def test_several_threads_decode_the_same(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", noise(12), options={"crf": "20", "bf": "2"})

    one, several = (read(path, Selection(threads=threads))[0] for threads in (1, 2))

    assert times_s(one) == times_s(several)
    assert all(np.array_equal(a.gray, b.gray) for a, b in zip(one, several, strict=True))


def test_read_only_frames_have_the_same_content(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", noise(6), options={"crf": "20"})

    own, shared = (read(path, Selection(writable=writable))[0] for writable in (True, False))

    assert all(np.array_equal(a.gray, b.gray) for a, b in zip(own, shared, strict=True))


def test_in_a_gap_the_last_frame_is_sent_once_a_second(tmp_path: Path):
    path = write_video(tmp_path / "gap.mp4", levels(4), times_s=[0, 0.1, 4.0, 4.1])

    frames, problems = read(path, Selection(gaps="fill"))

    assert times_s(frames) == [0, 0.1, 1.1, 2.1, 3.1, 4.0, 4.1]
    assert [frame.repeated for frame in frames] == [False, False, True, True, True, False, False]
    assert problems == ()


def test_drawing_on_a_frame_does_not_change_its_repetition(tmp_path: Path):
    path = write_video(tmp_path / "gap.mp4", levels(2), times_s=[0, 2.5])
    grays = []
    with open_clip(path).frames(Selection(gaps="fill")) as reader:
        for frame in reader:
            grays.append(int(frame.gray[0, 0]))
            planes_of(frame.frame)[0][:] = 0

    assert grays[0] == grays[1] == grays[2] > 20


def test_an_hour_without_frames_is_closed_up_and_said(tmp_path: Path):
    path = write_video(tmp_path / "joined.mp4", levels(4), times_s=[0, 0.1, 3600.0, 3600.1])

    frames, (problem,) = read(path, Selection(gaps="fill"))

    assert frames[-1].at_s < 3
    assert problem.code == "gap"
    assert not problem.incomplete
    assert "nothing for 3600 s after 0.1 s, closed up" in problem.sentence


def test_two_recordings_in_one_file_follow_each_other(tmp_path: Path):
    part = write_video(tmp_path / "part.ts", levels(10), options={"crf": "1"})
    path = tmp_path / "joined.ts"
    path.write_bytes(part.read_bytes() * 2)

    frames, problems = read(path)

    assert len(frames) == 20
    assert np.diff(times_s(frames)) == pytest.approx(0.1, abs=0.02)
    assert [problem.code for problem in problems] == ["joined"]


@pytest.mark.parametrize("name", ["cut.mkv", "cut.avi", "cut.flv"])
def test_a_file_that_is_cut_off_says_how_much_could_be_read(tmp_path: Path, name: str):
    codec = {"cut.flv": "flv1", "cut.avi": "mjpeg"}.get(name, "libx264")
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    options = {"b": "2000000"} if codec != "libx264" else None
    path = write_video(tmp_path / name, noise(40), codec=codec, pixels=pixels, options=options)

    frames, problems = read(cut(path, 0.6))

    assert 10 < len(frames) < 35
    assert [problem.code for problem in problems] == ["cut_off"]
    assert problems[0].incomplete
    assert f"{name}: the file is cut off: {len(frames)} of about 40 frames" in problems[0].sentence


def test_a_whole_clip_has_no_problem(clip: Path):
    assert read(clip)[1] == ()


def test_damaged_frames_are_left_out_and_counted(tmp_path: Path):
    path = write_video(
        tmp_path / "clip.avi", noise(40), codec="mjpeg", pixels="yuvj420p", options={"b": "9000000"}
    )
    content = bytearray(path.read_bytes())
    at = content.index(b"\xff\xd8", len(content) // 2)
    content[at : at + 600] = bytes(600)
    path.write_bytes(content)

    frames, problems = read(path)

    assert len(frames) == 39
    assert [problem.code for problem in problems] == ["undecodable"]
    assert "1 damaged frames were left out, 39 could be read" in problems[0].sentence
    assert not problems[0].incomplete


def test_a_download_without_its_index_is_called_cut_off(tmp_path: Path):
    path = cut(write_video(tmp_path / "clip.mp4", noise(10)), 0.5)

    with pytest.raises(ClipError, match="cut off: its index is missing; copy or download it again"):
        open_clip(path)


def test_a_cover_image_is_no_video(tmp_path: Path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=8000, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        image = av.VideoFrame(64, 48, "yuvj420p")
        image.pts = 0
        container.mux([*cover.encode(image), *cover.encode(None)])
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 8000
        container.mux([*sound.encode(frame), *sound.encode(None)])

    with pytest.raises(ClipError, match="no video in it, only sound with a cover image"):
        open_clip(path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "AVIF"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\xff\n\0\x10\0", "JPEG XL"),
    ],
)
def test_a_kind_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, kind: str):
    path = tmp_path / "image"
    path.write_bytes(content)

    with pytest.raises(ClipError, match=f"{kind} files cannot be read.*export it as JPEG"):
        open_clip(path)


def test_an_animated_webp_is_no_photograph(tmp_path: Path):
    path = tmp_path / "moving.webp"
    path.write_bytes(b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x3f\0\0\x2f\0\0ANIM\x06\0\0\0" + bytes(6))

    with pytest.raises(ClipError, match="animated WebP cannot be read; convert it to MP4"):
        open_clip(path)


def test_a_file_cannot_name_other_files(tmp_path: Path, clip: Path):
    path = tmp_path / "list.mp4"
    path.write_text(f"#EXTM3U\n#EXTINF:2,\n{clip}\n#EXT-X-ENDLIST\n", encoding="utf-8")

    with pytest.raises(ClipError, match="a playlist, not a video"):
        open_clip(path)


def test_the_reason_of_ffmpeg_is_in_words(tmp_path: Path):
    path = tmp_path / "clip.mkv"
    path.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(2000))

    with pytest.raises(ClipError, match=r"cannot be read as video \((End of file|Invalid data[^\[]*)\)"):
        open_clip(path)


def test_a_small_file_does_not_unfold_to_gigabytes(tmp_path: Path):
    path = tmp_path / "bomb.gif"
    path.write_bytes(b"GIF89a" + (32000).to_bytes(2, "little") * 2 + bytes(3) + b",")

    with pytest.raises(ClipError, match="32000x32000 pixels"):
        open_clip(path)


def test_an_unknown_protocol_is_rejected():
    with pytest.raises(ClipError, match=r"gopher:// is not read; expected a file, a camera, or http://"):
        open_clip("gopher://example.org/clip")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ftp://anna:geheim@example.org/clip", "ftp://example.org/clip"),
        ("ftp://anna:ge@heim@example.org/clip", "ftp://example.org/clip"),
        ("ftp://anna:ge/heim@example.org/clip", "ftp://example.org/clip"),
        ("ftp://anna:ge?heim@example.org/clip", "ftp://..."),
        ("ftp://example.org/clip?user=anna&password=geheim", "ftp://example.org/clip"),
        ("ftp://example.org/clip?password=ge@heim#heim", "ftp://example.org/clip"),
    ],
)
def test_a_password_in_an_address_is_not_shown(address: str, shown: str):
    with pytest.raises(ClipError) as raised:
        open_clip(address)

    assert str(raised.value).partition(": ")[0] == shown


def test_a_clip_of_a_file_can_be_sent_to_another_process(clip: Path):
    again = pickle.loads(pickle.dumps(open_clip(clip)))

    with again.frames() as reader:
        assert len(list(reader)) == 20


def test_a_reader_may_be_closed_in_the_middle(clip: Path):
    reader = open_clip(clip).frames()
    next(reader)

    reader.close()
    reader.close()

    with pytest.raises(StopIteration):
        next(reader)
