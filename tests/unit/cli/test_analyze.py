import argparse
from pathlib import Path

import pytest

from facestream.cli import analyze
from facestream.cli.main import main


def parsed(*arguments: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    analyze.add_arguments(parser)
    return parser.parse_args(list(map(str, arguments)))


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("0.5", 0.5), ("1:30", 90), ("1:02:03.5", 3723.5), ("0:00", 0)]
)
def test_a_time_is_seconds_or_a_clock(text: str, seconds: float):
    assert parsed("a.mp4", "--start", text).start == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["-1", "1:60", "1:2:3:4", "1.5:00", "nan", "inf", "soon", ""])
def test_another_time_is_refused(text: str):
    with pytest.raises(SystemExit):
        parsed("a.mp4", f"--start={text}")


@pytest.mark.parametrize(
    ("text", "span"),
    [("5-10", (5, 10)), ("0:05-0:10.5", (5, 10.5)), ("0-1:00:00", (0, 3600)), ("5\N{EN DASH}10", (5, 10))],
)
def test_a_span_is_two_times(text: str, span: tuple[float, float]):
    assert parsed("a.mp4", "--neutral", text).neutral == pytest.approx(span)


@pytest.mark.parametrize("text", ["5", "5-", "-5", "10-5", "5-5", "-1-5", "5-inf", "a-b", "1-2-3", ""])
def test_another_span_is_refused(text: str):
    with pytest.raises(SystemExit):
        parsed("a.mp4", f"--neutral={text}")


@pytest.mark.parametrize(
    "arguments", [("--every", "0"), ("--fps", "0"), ("--processes", "65"), ("--duration", "-1")]
)
def test_a_number_out_of_range_is_refused(arguments: tuple[str, ...]):
    with pytest.raises(SystemExit):
        parsed("a.mp4", *arguments)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--video",), "--video"),
        (("--every", "2"), "--every"),
        (("--out", "{out}", "--jsonl", "-"), "--jsonl"),
        (("--out", "{out}", "--points"), "--points"),
        (("--out", "{out}", "--landmarks", "emotion"), "landmarks"),
        (("--out", "{out}", "--format", "csv,excel"), "excel"),
        (("--out", "{out}", "--images"), "--images"),
        (("--out", "{out}", "--language", "de"), "--language"),
        (("--format", "html"), "--format"),
        (("--out", "{out}", "--format", "jsonl,html", "--combine"), "--combine"),
        (("--out", "{out}", "--start", "9", "--end", "5"), "end"),
        (("--neutral", "0-5"), "--neutral"),
        (("--out", "{out}", "--neutral", "0-5"), "multi_face.jpg is a photograph"),
        (("--out", "{out}", "--neutral", "0-5", "--end", "4"), "expected a part of it"),
        (("--out", "{out}", "--neutral", "0-5", "--format", "jsonl,pyfeat"), "only csv, parquet and html"),
        (("--out", "{photo}"), "is a file"),
        (("{folder}", "--out", "{folder}/out"), "inside"),
        (("{folder}/gone.mp4", "--out", "{out}"), "gone.mp4"),
        (("rtsp://anna:secret@127.0.0.1/live", "--out", "{out}"), "--duration"),
        (("ftp://anna:secret@127.0.0.1/a.mp4", "--out", "{out}"), "ftp"),
    ],
)
def test_bad_use_is_one_sentence_and_writes_nothing(
    tmp_path: Path,
    media_dir: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    named: str,
):
    (tmp_path / "videos").mkdir()
    names = {"out": tmp_path / "out", "photo": media_dir / "multi_face.jpg", "folder": tmp_path / "videos"}

    code = main(["analyze", str(names["photo"]), *(argument.format(**names) for argument in arguments)])

    stderr = capsys.readouterr().err
    assert code == 2
    assert named in stderr
    assert stderr.count("\n") == 1
    assert "secret" not in stderr
    assert [path.name for path in tmp_path.iterdir()] == ["videos"]


@pytest.mark.parametrize("source", ["clip.mp4", "CLIP.MOV", ".", "rtsp://127.0.0.1/live", "/dev/null"])
def test_a_video_without_a_folder_for_its_tables_is_refused(capsys: pytest.CaptureFixture[str], source: str):
    assert main(["analyze", source]) == 2
    assert "--out DIR" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["IMG_1.HEIC", "img_1.heic"])
def test_a_photograph_that_cannot_be_read_is_no_video(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
):
    path = tmp_path / name
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")

    assert main(["analyze", str(path)]) == 1
    assert "export it as JPEG" in capsys.readouterr().out
