"""Settings of Sphinx, which makes HTML of the pages in this folder; `make docs` runs it."""

from dynamic_dynamodb import __version__

project = "Dynamic DynamoDB"
author = "the authors of Dynamic DynamoDB"
version = release = __version__

extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_build", "tools"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3  # so that links to headings work here as they do on GitHub

smartquotes = False  # they would turn --flags into dashes
copybutton_selector = "div:not(.highlight-text, .highlight-output) > div.highlight > pre"
highlight_language = "none"  # of blocks that name none: commands

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["lines.css"]
html_title = f"Dynamic DynamoDB {__version__}"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
