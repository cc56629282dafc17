"""How the pages are built: ``make docs``."""

import re
from pathlib import Path

import matplotlib

from corporis import __version__

matplotlib.use("Agg")

project = "corporis"
author = "The corporis authors"
copyright = "The corporis authors"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "make_*.py", "figures"]
html_theme = "furo"
html_title = f"corporis {__version__}"
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # the docstrings give shapes and units, which types cannot
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "imported-members": True}
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Yields", "returns_style")]

sphinx_gallery_conf = {
    "examples_dirs": str(Path(__file__).parent.parent / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"__init__\.py",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "min_reported_time": 1,
}
suppress_warnings = [
    "config.cache",  # the gallery's settings hold functions
    "ref.python",  # `shape` in a docstring is a word, and several classes have one
]

CODE = re.compile(r"(``.*?``|`[^`]*`)|\*(?=\w)")


def keep_stars(app, what, name, obj, options, lines):
    """``*shape`` in a docstring is Python's star, not the start of emphasis."""
    is_code = False
    for number, line in enumerate(lines):
        is_code = line.lstrip().startswith((">>>", "...")) or (is_code and bool(line.strip()))
        if not is_code:
            lines[number] = CODE.sub(lambda found: found[1] or r"\*", line)


def leave_out_requests(app, what, name, obj, is_skipped, options):
    """scikit-learn gives every estimator methods to route metadata; they are not ours."""
    return True if name.endswith("_request") or name == "get_metadata_routing" else None


def setup(app):
    """Registers what is above with Sphinx."""
    app.connect("autodoc-process-docstring", keep_stars)
    app.connect("autodoc-skip-member", leave_out_requests)
