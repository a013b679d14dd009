"""How Sphinx builds the site; contributing.md has the command."""

import os
import re
import sys
from pathlib import Path

from docutils import nodes

import skshallow

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
# Examples run in one process; more threads than that would only get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")

project = "skshallow"
author = "the skshallow developers"
project_copyright = author
version = release = skshallow.__version__

extensions = [
    "breakable_code",
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "playground",
    "readable_figures",
    "source_pages",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.linkcode",
    "sphinx-mathjax-offline",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery/*.ipynb", "gallery/*.py", "gallery/*.json"]
templates_path = ["_templates"]
nitpicky = False
default_role = "literal"
# Quotes stay straight also in types and defaults, as in code that can be pasted.
smartquotes = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3

# One page for each public object; what a class inherits without saying more about it
# stands on the page of the base class.
autosummary_generate = sorted(str(page) for page in (HERE / "api").glob("*.md"))
autodoc_inherit_docstrings = False
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_use_plots = False
toc_object_entries_show_parents = "hide"

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("skshallow",),
    "ignore_pattern": r"^(?!plot_)",
    "within_subsection_order": "reading_order.ReadingOrder",
    "write_computation_times": False,
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    "image_srcset": ["2x"],
    "thumbnail_size": (480, 300),
}

# The code of the tutorial is shown, with its figures, and runs in one namespace.
plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [("png", 144)]

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

SECTIONS = ("api/**", "benchmarks/**", "gallery/**", "guide/**", "reliability/**")
SIDEBAR = ["sidebar-nav-bs"]
html_theme = "pydata_sphinx_theme"
html_title = "skshallow"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_favicon = "_static/mark.svg"
html_sidebars = {
    "*": [],
    "six_equations": SIDEBAR,
    "tutorial": SIDEBAR,
    "code/**": [],
    **{pages: SIDEBAR for pages in SECTIONS},
}
html_theme_options = {
    "logo": {
        "text": "skshallow",
        "image_light": "_static/mark.svg",
        "image_dark": "_static/mark.svg",
        "alt_text": "skshallow, start page",
    },
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": {pages: ["page-toc"] for pages in ("*", *SECTIONS)},
    "footer_start": ["copyright"],
    "footer_center": [],
    "footer_end": [],
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "pygments_light_style": "a11y-light",
    "pygments_dark_style": "a11y-dark",
}


# What scikit-learn's docstrings, inherited here, refer to in its own documentation.
SKLEARN = "https://scikit-learn.org/stable"
SKLEARN_LABELS = {
    "accuracy_score": f"{SKLEARN}/modules/model_evaluation.html#accuracy-score",
    "df_output_transform": f"{SKLEARN}/modules/df_output_transform.html",
    "r2_score": f"{SKLEARN}/modules/model_evaluation.html#r2-score",
}
SKLEARN_EXAMPLE = re.compile(r"sphx_glr_auto_examples_(\w+)_(plot_\w+)\.py")


def link_to_sklearn(app, env, node, contnode):
    """Return a link into scikit-learn's documentation for what it is known to have."""
    target = node["reftarget"]
    address = SKLEARN_LABELS.get(target)
    if node.get("refdomain") == "py" and target.startswith("sklearn."):
        address = f"{SKLEARN}/modules/generated/{target}.html"
    elif example := SKLEARN_EXAMPLE.fullmatch(target):
        address = f"{SKLEARN}/auto_examples/{example[1]}/{example[2]}.html"
        contnode = nodes.inline("", "scikit-learn's gallery")
    return address and nodes.reference("", "", contnode, refuri=address, internal=False)


def escape_trailing_underscores(app, what, name, obj, options, lines):
    """Keep ``(n_iter_,)`` in the type of an entry from being read as a link."""
    for i, line in enumerate(lines):
        if re.match(r"\w+ : ", line):
            lines[i] = re.sub(r"(?<=\()(\w+)_(?=,)", r"\1\\_", line)


def setup(app):
    """Register what is above."""
    app.connect("missing-reference", link_to_sklearn)
    # before numpydoc reads the docstring
    app.connect("autodoc-process-docstring", escape_trailing_underscores, priority=100)


def linkcode_resolve(domain: str, info: dict[str, str]) -> str | None:
    """Return the address of an object's lines, as seen from a page of the reference."""
    from source_pages import address_of

    address = address_of(info["module"], info["fullname"])
    return None if address is None else f"../{address}"
