import pytest

from facestream.cli.main import main


def test_only_what_the_settings_need_is_checked(capsys: pytest.CaptureFixture[str]):
    code = main(["models", "--only-needed", "--landmarks", "mesh"])

    printed = capsys.readouterr().out
    assert code == 0
    assert "face_mesh.tflite: sha256 matches" in printed
    assert "shape_predictor" not in printed


def test_a_choice_without_only_needed_is_refused(capsys: pytest.CaptureFixture[str]):
    code = main(["models", "--landmarks", "mesh"])

    assert code != 0
    assert "--landmarks: needs --only-needed" in capsys.readouterr().err
