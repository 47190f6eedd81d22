import json
from pathlib import Path

import pytest

from facestream import __version__
from facestream.cli.main import main
from facestream.config import Config


def test_every_setting_is_an_option_of_serve(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["serve", "--help"])

    printed = capsys.readouterr().out
    assert not [name for name in Config.model_fields if f"--{name.replace('_', '-')}" not in printed]


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["--version"])

    assert __version__ in capsys.readouterr().out


def test_analyze_writes_a_line_for_each_image(
    media_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")

    code = main(["analyze", str(media_dir / "multi_face.jpg"), str(broken), "--jsonl", "-", "--points"])

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 1
    assert len(lines[0]["faces"]) >= 4
    assert len(lines[0]["faces"][0]["landmarks"]) == 68
    assert abs(sum(lines[0]["faces"][0]["probabilities"].values()) - 1) < 0.01
    assert "broken.jpg" in lines[1]["error"]


def test_a_file_that_cannot_be_written_is_reported_in_one_sentence(
    media_dir: Path, capsys: pytest.CaptureFixture[str]
):
    code = main(["analyze", str(media_dir / "multi_face.jpg"), "--jsonl", "/nowhere/reports.jsonl"])

    assert code == 2
    assert "/nowhere/reports.jsonl" in capsys.readouterr().err
