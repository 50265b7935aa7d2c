"""The site: Markdown in this folder, pages told by the declarations (`_extensions`), and lessons
that are executed. `python -m sphinx -W docs OUT`; `-D language=zh_CN` builds it in Chinese.
"""

import importlib
import os
import sys
from pathlib import Path

import replicon

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))
lessons = importlib.import_module("lessons")
os.environ.pop("MPLBACKEND", None)  # lessons draw as notebooks do

project = "Replicon"
author = "Replicon developers"
version = replicon.__version__
release = version
html_math_renderer = "mathml"
extensions = [
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
    "mathml",
    "told",
    "references",
    "two_languages",
]
exclude_patterns = ["_build", "_extensions", "pictures", "locale", "examples"]
nitpicky = True
smartquotes = False  # a prime stays a prime
python_maximum_signature_line_length = 80  # longer ones have a line for each argument
# Where messages are extracted no lesson is executed, and its language not known.
suppress_warnings = ["myst-nb.lexer"]

myst_enable_extensions = ["colon_fence", "dollarmath", "deflist", "attrs_inline", "attrs_block"]
myst_disable_syntax = ["html_inline"]  # <x> in a sentence is a mean, and no tag
myst_heading_anchors = 3
# Lessons are executed once, by `_extensions/lessons.py`: both languages find their cells there.
nb_execution_mode = "cache"
nb_execution_cache_path = str(lessons.CACHE)
nb_execution_timeout = lessons.TIMEOUT
nb_execution_raise_on_error = True
nb_merge_streams = True  # what a cell prints stands in one box
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

locale_dirs = [str(HERE / "_build" / "locale")]
gettext_compact = "docs"
gettext_uuid = False

html_theme = "pydata_sphinx_theme"
html_title = "Replicon: statistical physics of neural networks"
html_search_scorer = str(HERE / "_extensions" / "search_scorer.js")
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/wordmark.svg"
templates_path = ["_templates"]
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_start": ["wordmark"],
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button-field", "language-switch"],  # on a phone too
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_nav_level": 1,
    "show_toc_level": 2,
    "navigation_with_keys": False,
}
