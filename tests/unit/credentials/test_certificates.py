"""Names in certificates: which are accepted, how they are encoded, and which are rejected."""

import socket
from pathlib import Path

import pytest
from cryptography import x509

from facestream.cli.main import main
from facestream.credentials.certificates import checked_name, make_certificate, names_of_this_machine
from facestream.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Faces.Example.ORG", "faces.example.org"),
        ("faces.example.org.", "faces.example.org"),
        (" faces.example.org ", "faces.example.org"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("stra\u00dfe.de", "xn--strae-oqa.de"),
        ("*.example.org", "*.example.org"),
        ("my_pc", "my_pc"),
        ("x" * 63, "x" * 63),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_a_name_is_encoded_as_browsers_encode_it(given: str, name: str):
    assert checked_name(given) == name


@pytest.mark.parametrize(
    "given",
    [
        "", " ", ".", "a b", "a..b", "-a", "a-", "(none)", "https://faces.example.org", "faces.example.org:8080",
        "faces.example.org/path", "x" * 64, "a." * 126 + "ab", "\u00fc" * 60, "a\0b", "\udcff", "a.*.b", "192.0.2.700",
    ],
)  # fmt: skip
def test_a_name_that_no_certificate_can_have_is_reported_in_one_sentence(given: str):
    with pytest.raises(ConfigError, match=r"name: got .*expected a host name or an IP address"):
        checked_name(given)


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("(none)", []),
        ("", []),
        ("x" * 64, []),
        ("\udcff\udcfe", []),
        ("My_PC", ["my_pc", "my_pc.local"]),
        ("b\u00fcro", ["xn--bro-hoa", "xn--bro-hoa.local"]),
        ("host.example.org", ["host.example.org"]),
    ],
)
def test_a_certificate_is_made_for_any_host_name_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, named: list[str]
):
    monkeypatch.setattr(socket, "gethostname", lambda: host)

    made = make_certificate(tmp_path, names_of_this_machine(["192.0.2.7"]))

    certificate = x509.load_pem_x509_certificate(made.cert.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", *named]


def test_the_command_rejects_an_invalid_name_before_it_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    code = main(["certs", "--certs-dir", str(tmp_path / "made"), "--name", "a b"])

    assert code == 2
    assert "'a b'" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()
