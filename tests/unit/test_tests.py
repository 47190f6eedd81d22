"""Checks the sources of the tests: no long fixed sleeps, no deadlines that are not scaled on a slow machine, and no
functions that look like tests but are not run."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.kinds import FILES_ABOUT_TEXTS, SLOW_FILES, kind_of
from tests.processes import (
    BROWSER_FILES,
    LANE,
    PAGE_FILES,
    PAGE_LANE,
    durations_of_files,
    in_order,
    lane_of,
)

LONGEST_SLEEP_S = 0.5
SHORTEST_S = 1.0  # shorter deadlines are meant to expire
SLEEPS = {"sleep": 1.0, "wait_for_timeout": 0.001}  # factor from the argument to seconds
DEADLINE_NAME = re.compile(r"(DEADLINE_S|PATIENCE_S|RECOVERY_S|SOON_MS|PATIENCE_MS)$")
LOOKS_LIKE_A_TEST = re.compile(r"_*(tests?|tets|tset|tes|est)_", re.IGNORECASE)
JS_SLEEP = re.compile(r"await new Promise\(\(?\w*\)? => setTimeout\(\w+, (\w+(?: [*/] \d+)?)\)\)")
SOAK = {"soak"}

SOURCES = [
    path
    for path in sorted((ROOT / "tests").rglob("*"))
    if path.suffix in {".py", ".mjs"} and "node_modules" not in path.parts
]
# Without tests/clients/peers: other programs run these, and tests/clients/outcome.py has the deadlines.
MODULES = [path for path in SOURCES if path.suffix == ".py" and path.parent.name != "peers"]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT / "tests"))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_sleeps_for_a_fixed_half_second_or_more(path: Path):
    source = path.read_text(encoding="utf-8")
    found = sleeps_of(ast.parse(source)) if path.suffix == ".py" else js_sleeps_of(source)

    assert [at for at, duration_s in found if duration_s > LONGEST_SLEEP_S] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_deadline_is_scaled_on_a_slow_machine(path: Path):
    assert list(fixed_deadlines(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_function_that_looks_like_a_test_is_run(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert list(lookalikes(tree, is_collected=path.name.startswith("test_"))) == []


@pytest.mark.parametrize(
    ("code", "found_s"),
    [
        ("import time\ntime.sleep(0.6)", [0.6]),
        ("async def f():\n    await asyncio.sleep(1)", [1.0]),
        ("A_WHILE_S = 2\nasync def f():\n    await asyncio.sleep(A_WHILE_S / 2)", [1.0]),
        ("async def f(page):\n    await page.wait_for_timeout(750)", [0.75]),
        ("@pytest.mark.soak\nasync def f(page):\n    await page.wait_for_timeout(60_000)", []),
        ("def f(x):\n    time.sleep(x)", []),
    ],
)
def test_a_planted_sleep_is_found(code: str, found_s: list[float]):
    assert [duration_s for _, duration_s in sleeps_of(ast.parse(code))] == found_s


def test_a_planted_sleep_of_javascript_is_found():
    code = "const A_MS = 900;\nawait new Promise((resolve) => setTimeout(resolve, A_MS / 3));\n"

    assert [duration_s for _, duration_s in js_sleeps_of(code)] == [0.3]


@pytest.mark.parametrize(
    "code",
    [
        "asyncio.timeout(10)",
        "asyncio.wait_for(x, 5)",
        "subprocess.run([], timeout=20)",
        "START_DEADLINE_S = 9.0",
        "urllib.request.urlopen(url, timeout=10)",
        "socket.receive_json(timeout=10)",
        "end_s = time.monotonic() + 2.0",
        "end_s = time.monotonic() + 0.5",
    ],
)
def test_a_planted_deadline_is_found(code: str):
    assert len(list(fixed_deadlines(ast.parse(code)))) == 1
    assert list(fixed_deadlines(ast.parse(re.sub(r"(\d[\d.]*)", r"seconds(\1)", code)))) == []


@pytest.mark.parametrize(
    "code",
    [
        "def tests_it(): ...",
        "def _test_it(): ...",
        "async def tset_it(): ...",
        "def f():\n    def test_it(): ...",
        "class Helper:\n    def test_it(self): ...",
        "def test_it(): ...\ndef test_it(): ...",
        "@pytest.fixture\ndef test_it(): ...",
    ],
)
def test_a_planted_lookalike_is_found(code: str):
    assert len(list(lookalikes(ast.parse(code), is_collected=True))) == 1


def test_a_test_outside_a_test_module_is_a_lookalike():
    tree = ast.parse("def test_it(): ...")

    assert len(list(lookalikes(tree, is_collected=False))) == 1
    assert list(lookalikes(tree, is_collected=True)) == []


@pytest.mark.parametrize(
    ("path", "marks", "reason"),
    [
        ("test_it.py", set(), "of no kind"),
        ("other/test_it.py", set(), "of no kind"),
        ("soak/test_it.py", set(), "of no kind"),
        ("unit/test_it.py", {"media"}, "marked media"),
        ("media/test_it.py", {"net", "soak"}, "marked net"),
    ],
)
def test_a_module_without_exactly_one_kind_is_rejected_with_the_reason(
    path: str, marks: set[str], reason: str
):
    with pytest.raises(ValueError, match=reason):
        kind_of(Path(path), marks)


@pytest.mark.parametrize("name", sorted(SLOW_FILES))
def test_a_file_that_is_called_slow_exists(name: str):
    assert name.startswith(("unit/", "media/"))
    assert (ROOT / "tests" / name).is_file()


@pytest.mark.parametrize("name", sorted(FILES_ABOUT_TEXTS))
def test_a_file_about_texts_exists_and_the_newest_python_leaves_it_out(name: str):
    script = (ROOT / "scripts" / "test_newest.sh").read_text(encoding="utf-8")
    found = re.search(r"for file in (.*); do", script)

    assert (ROOT / "tests" / name).is_file()
    assert found is not None
    assert name.removeprefix("unit/test_").removesuffix(".py") in found[1].split()


@pytest.mark.parametrize("name", sorted(BROWSER_FILES | PAGE_FILES))
def test_a_file_that_is_said_to_drive_a_browser_exists(name: str):
    assert (ROOT / "tests" / name).is_file()


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in MODULES
        if path.name.startswith("test_")
        and re.search(
            r"^from tests\.(browser\.conftest|clients\.firefox) import", path.read_text(), re.MULTILINE
        )
    ],
    ids=name_of,
)
def test_every_file_that_drives_a_browser_is_in_one_of_two_processes(path: Path):
    assert lane_of(f"tests/{name_of(path)}::test_it[a]") in (LANE, PAGE_LANE)


def test_files_that_watch_the_video_share_a_process_and_those_about_pages_another():
    video = ("tests/browser/test_page.py::test_it", "tests/clients/test_firefox.py::test_it")
    pages = [f"tests/{name}::test_it" for name in PAGE_FILES]

    assert {lane_of(nodeid) for nodeid in video} == {LANE}
    assert {lane_of(nodeid) for nodeid in pages} == {PAGE_LANE}


def test_the_files_of_the_image_share_a_process():
    assert len({lane_of(f"tests/image/{name}.py::test_it") for name in ("test_image", "test_compose")}) == 1


def test_in_several_processes_the_longest_files_begin_first():
    names = (
        "unit/test_a.py",
        "media/test_malformed_offers.py",
        "browser/test_layout.py",
        "image/test_image.py",
        "browser/test_page.py",
    )

    assert sorted((f"tests/{name}::test_it" for name in names), key=in_order) == [
        f"tests/{name}::test_it" for name in reversed(names)
    ]


def test_the_time_of_each_process_and_file_is_said():
    took = [("gw1", "unit/test_a.py::test_it", 1.0), ("gw0", "unit/test_b.py::test_it", 3.0)]
    took.append(("gw1", "unit/test_a.py::test_another", 4.0))
    reports = [
        pytest.TestReport(
            nodeid, (nodeid, 0, ""), {}, "passed", None, "call", duration=duration_s, worker_id=process
        )
        for process, nodeid, duration_s in took
    ]

    assert list(durations_of_files(reports)) == [
        "gw0: 3 s",
        "gw1: 5 s",
        "5 s unit/test_a.py",
        "3 s unit/test_b.py",
    ]


def test_any_other_file_is_in_a_process_of_its_own():
    assert lane_of("tests/net/test_turn.py::test_it[a::b]") == "tests/net/test_turn.py"


def test_the_kind_is_that_of_the_folder_or_of_the_soak_mark():
    assert kind_of(Path("media/replay/test_it.py"), {"media", "asyncio"}) == "media"
    assert kind_of(Path("browser/test_it.py"), {"browser", "soak"}) == "soak"


def numbers_of(tree: ast.Module) -> dict[str, float]:
    """The module's numeric constants."""
    found: dict[str, float] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = number(node.value, found)
            if value is not None:
                found[node.targets[0].id] = value
    return found


def number(node: ast.expr, known: dict[str, float]) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return known.get(name)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() | ast.Add() as operator, right=right):
            first, second = number(left, known), number(right, known)
            if first is None or second is None:
                return None
            if isinstance(operator, ast.Add):
                return first + second
            return first * second if isinstance(operator, ast.Mult) else first / second
        case _:
            return None


def is_soak(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
        isinstance(mark, ast.Attribute) and mark.attr in SOAK for mark in node.decorator_list
    )


def outside_soak(node: ast.AST) -> Iterator[ast.AST]:
    """Every node outside soak tests."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not is_soak(child):
            yield from outside_soak(child)


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def sleeps_of(tree: ast.Module) -> list[tuple[int, float]]:
    """Line and seconds of every sleep whose duration is known from the module."""
    known = numbers_of(tree)
    return [
        (node.lineno, length * SLEEPS[called(node)])
        for node in outside_soak(tree)
        if isinstance(node, ast.Call) and called(node) in SLEEPS and node.args
        if (length := number(node.args[0], known)) is not None
    ]


def js_sleeps_of(source: str) -> list[tuple[int, float]]:
    known = {
        name: float(value.replace("_", "")) for name, value in re.findall(r"(\w+) = (\d[\d_]*);", source)
    }
    found = []
    for sleep in JS_SLEEP.finditer(source):
        length = number(ast.parse(sleep[1], mode="eval").body, known)
        if length is not None:
            found.append((source.count("\n", 0, sleep.start()) + 1, length / 1000))
    return found


def fixed_deadlines(tree: ast.Module) -> Iterator[int]:
    """Lines of deadlines that are plain numbers or numeric constants of the module."""
    known = numbers_of(tree)
    for statement in tree.body:
        if not isinstance(statement, ast.Assign) or number(statement.value, {}) is None:
            continue
        names = [each.id for each in statement.targets if isinstance(each, ast.Name)]
        if any(map(DEADLINE_NAME.search, names)):
            yield statement.lineno
    for sum_ in (node for node in ast.walk(tree) if isinstance(node, ast.BinOp)):
        if isinstance(sum_.op, ast.Add) and is_now(sum_.left) and number(sum_.right, known) is not None:
            yield sum_.lineno
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = called(call)
        limits = [each.value for each in call.keywords if each.arg == "timeout"]
        if ast.unparse(call.func) == "pytest.mark.timeout":
            continue  # tests/kinds.py scales these
        if name == "timeout" or (name == "wait_for" and isinstance(call.func, ast.Attribute)):
            limits += call.args[-1:] if name == "timeout" or len(call.args) > 1 else []
        if any((limit_s := number(limit, known)) is not None and limit_s >= SHORTEST_S for limit in limits):
            yield call.lineno


def is_now(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and called(node) in {"monotonic", "perf_counter", "time"}


def lookalikes(tree: ast.Module, is_collected: bool) -> Iterator[str]:  # noqa: FBT001 - of the file
    """Functions named like tests that pytest does not run, or that another of the same name replaces."""
    seen: set[tuple[str, str]] = set()
    for owner in ast.walk(tree):
        if not isinstance(owner, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        runs = is_collected and (
            isinstance(owner, ast.Module)
            or (isinstance(owner, ast.ClassDef) and owner.name.startswith("Test"))
        )
        owner_name = getattr(owner, "name", "")
        for node in ast.iter_child_nodes(owner):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if not LOOKS_LIKE_A_TEST.match(node.name):
                continue
            is_fixture = any(
                ast.unparse(mark).partition("(")[0].endswith("fixture") for mark in node.decorator_list
            )
            if not runs or not node.name.startswith("test_") or is_fixture or (owner_name, node.name) in seen:
                yield f"{node.name}, line {node.lineno}"
            seen.add((owner_name, node.name))
