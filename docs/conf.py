"""Settings of the site; `make docs` builds it into build/site."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "gmmpipe"
author = "The gmmpipe developers"
version = release = version_of("gmmpipe")
extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "gmmpipe"
html_show_copyright = False  # LICENSE names the holders
myst_heading_anchors = 3
nitpicky = False  # types in numpydoc sections are prose, such as "array of shape (N, D)"
numpydoc_show_class_members = False  # autodoc lists them

import reference_pages  # noqa: E402 - it lies beside this file

reference_pages.write()
