"""How the documentation is built: ``make -C docs html``."""

from __future__ import annotations

import warnings
from urllib.request import urlopen

import matplotlib
from sphinx_gallery.sorting import ExplicitOrder

import eegaug

project = "eegaug"
author = "The eegaug developers"
copyright = author
release = version = eegaug.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "catalogue_head.md", "tutorials/GALLERY_HEADER.rst"]

# -- text ---------------------------------------------------------------------------------

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# -- interface ----------------------------------------------------------------------------

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's parameters have them
autodoc_default_options = {"member-order": "bysource"}
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# -- other projects -----------------------------------------------------------------------


def _reachable(url: str) -> bool:
    """Whether an inventory can be fetched: without a network the build has no links to it."""
    try:
        with urlopen(url + "objects.inv", timeout=5):
            return True
    except OSError:
        return False


_projects = {
    "python": "https://docs.python.org/3/",
    "numpy": "https://numpy.org/doc/stable/",
    "torch": "https://docs.pytorch.org/docs/stable/",
    "sklearn": "https://scikit-learn.org/stable/",
    "skorch": "https://skorch.readthedocs.io/en/stable/",
    "mne": "https://mne.tools/stable/",
    "braindecode": "https://braindecode.org/stable/",
}
intersphinx_mapping = {name: (url, None) for name, url in _projects.items() if _reachable(url)}

# -- tutorials ----------------------------------------------------------------------------

matplotlib.use("agg")
for _message in ("Montage name", "Using padding='same'"):  # of braindecode's networks
    warnings.filterwarnings("ignore", message=_message)
sphinx_gallery_conf = {
    "examples_dirs": "../tutorials",
    "gallery_dirs": "tutorials",
    "filename_pattern": r"\.py$",
    "within_subsection_order": ExplicitOrder(
        [
            "sleep_staging.py",
            "what_each_does.py",
            "mne_windows.py",
            "motor_imagery.py",
            "own_events.py",
            "sequences.py",
            "any_loop.py",
            "more_than_memory.py",
            "own_transform.py",
            "learn_or_search.py",
            "reading_the_answer.py",
        ]
    ),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "matplotlib_animations": False,
    "remove_config_comments": True,
    "reset_modules": ("matplotlib",),
    "show_memory": False,
    "min_reported_time": 10_000,
    "capture_repr": (),
}

# -- pages --------------------------------------------------------------------------------

templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_title = "eegaug"
html_static_path = ["_static"]
html_css_files = ["eegaug.css"]
html_show_sourcelink = False
html_theme_options = {
    "show_toc_level": 2,
    "header_links_before_dropdown": 5,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
# no list of neighbours beside pages that have none, nor beside wide code and tables
_wide = (
    "index getting_started catalogue faq glossary names contributing releases changelog"
    " tutorials/* benchmarks/* papers/*"
)
html_sidebars = {page: [] for page in _wide.split()}
