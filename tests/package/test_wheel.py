"""The installed wheel without checkout, npm, make or network: its commands, and the page in real Chromium."""

import zipfile
from pathlib import Path

import pytest

from facestream import __version__
from scripts.build_hooks import LIBRARIES, MODELS, OTHERS, PAGE, WheelData, model_files
from tests.browser.conftest import OpenPage, chart_points, start
from tests.conftest import ROOT, RunningServer
from tests.package.conftest import Installed

# The first test builds the wheel and installs 500 MB of libraries.
pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]


def test_the_installed_program_prints_its_version(installed: Installed):
    ended = installed.run("--version")

    assert (ended.stdout, ended.returncode) == (f"facestream {__version__}\n", 0)


def test_the_installed_models_are_complete(installed: Installed):
    ended = installed.run("models")

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count(": sha256 matches (") == 6
    assert str(ROOT) not in ended.stdout


def test_doctor_finds_nothing_wrong_with_the_installation(installed: Installed):
    ended = installed.run("doctor")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "libraries: all have the versions of requirements.txt" in ended.stdout


def test_a_first_start_without_network_says_what_to_do(installed: Installed, tmp_path: Path):
    ended = installed.run("serve", "--port", "0", XDG_CACHE_HOME=str(tmp_path))

    assert ended.returncode == 2
    assert "excludes commercial use" in ended.stderr
    assert "check the network and run `facestream models`" in ended.stderr.splitlines()[-1]


@pytest.mark.asyncio(loop_scope="session")
async def test_the_page_of_the_wheel_shows_annotated_video_and_a_chart(
    installed_server: RunningServer, open_page: OpenPage
):
    async with open_page(installed_server.url) as page:
        await start(page)

        points = await chart_points(page, 6)
        before_s = await page.evaluate("document.getElementById('video').currentTime")
        await page.wait_for_function(
            "(t) => document.getElementById('video').currentTime > t + 1", arg=before_s
        )

        assert len(points) == 8
        description = await page.request.get(f"{installed_server.url}/openapi.json")
        assert (await description.json())["openapi"].startswith("3.1")

    assert installed_server.stop() == 0


def test_the_wheel_contains_every_file_of_the_page(wheel: Path):
    page = {
        path.relative_to(ROOT).as_posix()
        for name in ("js", "css")
        for path in (ROOT / "client" / name).rglob("*")
        if path.is_file()
    }

    with zipfile.ZipFile(wheel) as archive:
        shipped = {name.removeprefix("facestream/_data/") for name in archive.namelist()}

    assert page | {"client/index.html"} <= shipped
    assert not [name for name in shipped if name.endswith(".dat")], "a licence forbids it"


@pytest.mark.parametrize(
    "missing",
    [
        "client/node_modules/c3/c3.min.js",
        "models/cache/blazeface.tflite",
        "models/emotion.tflite",
        "models/trust.tflite",
        "docs/openapi.json",
    ],
)
def test_no_wheel_is_built_if_a_part_is_missing(tmp_path: Path, missing: str):
    parts = (*PAGE, *LIBRARIES, *MODELS, *OTHERS, *model_files(ROOT))
    for part in parts:
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / part).symlink_to(ROOT / part)

    assert wheel_data(tmp_path).keys() == set(parts)
    (tmp_path / missing).unlink()
    with pytest.raises(FileNotFoundError, match=f"{missing} is missing; run `make wheel`"):
        wheel_data(tmp_path)


def wheel_data(root: Path) -> dict[str, str]:
    """The files that the build hook adds to a wheel of this tree."""
    build_data: dict[str, dict[str, str]] = {"force_include": {}}
    hook = WheelData(str(root), {}, None, None, "", "wheel")  # type: ignore[arg-type]
    hook.initialize("standard", build_data)
    return build_data["force_include"]
