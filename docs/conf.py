"""The site: Markdown in this folder, pages told by the declarations (`_extensions`), and lessons
that are executed. `python -m sphinx -W docs OUT`; `-D language=zh_CN` builds it in Chinese.
"""

import sys
from pathlib import Path

import replicon

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))

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
]
exclude_patterns = ["_build", "_extensions", "guide.md", "pictures", "locale"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "dollarmath", "deflist", "attrs_inline", "attrs_block"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "cells")
nb_execution_timeout = 120
nb_execution_raise_on_error = True
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True

locale_dirs = [str(HERE / "_build" / "locale")]
gettext_compact = "docs"
gettext_uuid = False

html_theme = "pydata_sphinx_theme"
html_title = "Replicon"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"show_nav_level": 1, "navigation_with_keys": False}
