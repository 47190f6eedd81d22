"""The verdict of a replay as JUnit XML, which continuous integration reads; opens no file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from facestream import __version__
from facestream.replay.gate import Check

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot contain, even escaped: a clip's name may."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What was replayed, when and where."""

    clip: str
    started: datetime
    """In UTC."""
    seconds: float
    host: str
    """Name of the machine; may be empty."""


def junit_xml(ran: Ran, checks: Sequence[Check], text: str) -> str:
    """One test case for each check; `text` is the summary.

    Valid by the two schemas that are in use, those of Ant (which wants everything) and of Jenkins (which knows only
    some attributes).
    """
    clip = _clean(ran.clip)
    suites = Element("testsuites")
    suite = SubElement(
        suites,
        "testsuite",
        {
            "name": f"facestream replay {clip}",
            "package": "facestream.replay",
            "id": "0",
            "timestamp": f"{ran.started:%Y-%m-%dT%H:%M:%S}",
            "hostname": _clean(ran.host) or "localhost",
            "tests": str(len(checks)),
            "failures": str(sum(not check.passed for check in checks)),
            "errors": "0",
            "time": f"{ran.seconds:.3f}",
        },
    )
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", {"name": "facestream", "value": __version__})
    # What follows the last dot of a class name is the class for programs that show results.
    class_name = f"facestream.replay.{clip.replace('.', '_')}"
    for number, check in enumerate(checks):
        seconds = "0" if number else f"{ran.seconds:.3f}"  # all in the first, so that the sum is right
        name = f"{check.name}: {check.wanted}"
        case = SubElement(suite, "testcase", {"classname": class_name, "name": name, "time": seconds})
        if not check.passed:
            message = _clean(check.reason or f"got {check.got}, wanted {check.wanted}")
            SubElement(
                case, "failure", {"message": message, "type": "not met" if check.got else "not measured"}
            )
    SubElement(suite, "system-out").text = _clean(text)
    SubElement(suite, "system-err")
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, "unicode") + "\n"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
