"""Sphinx configuration of the documentation site; `make docs` builds it into build/site.

The source folder is the root of the repository, so that a relative link between two Markdown files works on GitHub and
in the site alike. docs/index.md is an ordinary page of links; the navigation is made from these links.
"""

import re

from sphinx.application import Sphinx

from facestream import __version__

project = "facestream"
copyright = "the facestream contributors, MIT licence"
release = __version__
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "models/**.md", "certs/*.md", "examples/**.md"]
exclude_patterns = ["build/**", ".venv/**", "**/node_modules/**", ".pytest_cache/**"]

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["attrs_inline"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # Caddy and Nginx files have no exact lexer

# Docstrings are plain text with code between single backticks, as in Markdown.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90
add_module_names = False
toc_object_entries_show_parents = "hide"

highlight_language = "text"
html_theme = "furo"
html_title = f"facestream {release}"
html_extra_path = ["redirect"]  # index.html in the root of the site leads to docs/index.html
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["wide-tables.css"]


def navigation(index: str) -> str:
    """Hidden tables of contents for index.md: one for each heading, with the pages that it links to."""
    blocks = []
    for section in re.split(r"^## ", index, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        links = re.findall(r"^- \[([^]]*)\]\(([^)#]+)\.md\)", text, re.MULTILINE)
        entries = "\n".join(f"{title} <{page}>" for title, page in links)
        blocks.append(f"```{{toctree}}\n:hidden:\n:caption: {heading}\n\n{entries}\n```\n")
    return "\n".join(blocks)


def add_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    """Sphinx passes the text of a page as the only item of `source`."""
    if page == root_doc:
        source[0] += "\n" + navigation(source[0])


def drop_module_docstring(
    _app: Sphinx, what: str, name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Leave out the docstrings of modules, which speak to readers of the code, except that of the public interface."""
    if what == "module" and name != "facestream":
        lines.clear()


def setup(app: Sphinx) -> None:
    """Sphinx calls this once, at start."""
    app.connect("source-read", add_navigation)
    app.connect("autodoc-process-docstring", drop_module_docstring)
