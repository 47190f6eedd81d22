"""The verdict of a replay as JUnit XML, which continuous integration reads; opens no file."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from facestream.replay.gate import Check

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot contain, even escaped: a clip's name may."""


def junit_xml(name: str, checks: Sequence[Check], seconds: float, text: str) -> str:
    """One test case for each check; `name` is the clip, `seconds` the length of the replay, `text` the summary."""
    failed = sum(not check.passed for check in checks)
    counts = {"tests": str(len(checks)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}
    suites = Element("testsuites", counts)
    suite = SubElement(suites, "testsuite", {"name": "facestream replay", **counts})
    for check in checks:
        case = SubElement(
            suite,
            "testcase",
            {
                "classname": _clean(f"facestream.replay.{name}"),
                "name": f"{check.name}: {check.wanted}",
                "time": "0",
            },
        )
        if not check.passed:
            message = _clean(check.reason or f"got {check.got}, wanted {check.wanted}")
            SubElement(
                case, "failure", {"message": message, "type": "not met" if check.got else "not measured"}
            )
    SubElement(suite, "system-out").text = _clean(text)
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, "unicode") + "\n"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
