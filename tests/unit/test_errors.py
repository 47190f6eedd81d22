"""The errors that a caller can catch, and how the command line reports them."""

import re
from collections import Counter

import pytest

from facestream import errors
from facestream.cli.main import main
from facestream.web.problems import RejectedError

ERRORS = [item for item in vars(errors).values() if isinstance(item, type)]


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_can_be_caught_as_facestream_error(error: type[Exception]):
    assert issubclass(error, errors.FacestreamError)


def all_errors() -> list[type[errors.FacestreamError]]:
    """The errors of every module; importing the server imports all of them."""
    found, left = [], [errors.FacestreamError]
    while left:
        kind = left.pop()
        # A benchmark that another test imports may have some of its own.
        if kind.__module__.startswith("facestream."):
            found.append(kind)
        left += kind.__subclasses__()
    return found


def test_every_error_has_a_code_of_its_own():
    codes = Counter(kind.code for kind in all_errors() if kind is not RejectedError)

    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", code) for code in codes)
    assert codes.most_common(1)[0][1] == 1, codes


def test_the_tree_in_the_docstring_names_every_error():
    assert [error.__name__ for error in ERRORS if error.__name__ not in (errors.__doc__ or "")] == []


def test_an_expected_error_is_reported_in_one_sentence_with_exit_code_2(capsys: pytest.CaptureFixture[str]):
    code = main(["serve", "--port", "-1"])

    said = capsys.readouterr().err
    assert code == 2
    assert said.startswith("facestream: settings: port: got '-1'")
    assert said.count("\n") == 1


def test_an_unknown_command_is_rejected_with_a_list_of_commands(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["fly"])

    assert ended.value.code == 2
    assert "serve" in capsys.readouterr().err
