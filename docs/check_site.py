"""The built site, checked as a reader would: contributing.md has the command.

What needs a browser is skipped where there is no Chromium; the rest runs.
"""

import functools
import http.server
import re
import shutil
import threading
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, unquote, urljoin, urlsplit

import playground_recorder
import pytest
from PIL import Image
from playground_recorder import EPOCHS, Setting

SITE = Path(__file__).parent / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTHS = {"desktop": 1280, "phone": 390}
# More columns hold figures, and may scroll.
MOST_COLUMNS_OF_TEXT = 4
# Of a screen per inch of a figure: its letters, of 10 points, are then 7 pixels high.
FEWEST_PIXELS_PER_INCH = 50
# What a browser loads by itself, and what it goes to on a click.
LOADED = {"img": "src", "script": "src", "iframe": "src", "source": "src", "link": "href"}
CLICKED = {"a": "href"}


class Page(HTMLParser):
    """What a page names: anchors, links, files that it loads."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.files, self.pictures = set(), set(), set(), set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = {name: value or "" for name, value in attributes}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag in CLICKED and CLICKED[tag] in given:
            self.links.add(given[CLICKED[tag]])
        if tag in LOADED and LOADED[tag] in given:
            self.files.add(given[LOADED[tag]])
        if tag == "img":
            srcset = (part.split() for part in given.get("srcset", "").split(","))
            found = {given.get("src", ""), *(part[0] for part in srcset if part)}
            self.pictures |= found
            self.files |= found


def is_elsewhere(address):
    parts = urlsplit(address)
    return parts.scheme in {"http", "https"} or bool(parts.netloc)


@pytest.fixture(scope="module")
def pages():
    """Every page by its path within the site."""
    if not (SITE / "index.html").exists():
        pytest.fail(f"There is no site in {SITE}; build it first, see contributing.md.")
    return {
        path.relative_to(SITE).as_posix(): Page(path)
        for path in sorted(SITE.rglob("*.html"))
        if "_static" not in path.parts
    }


def target(here, address):
    """Return path and anchor that an address on the page `here` leads to."""
    parts = urlsplit(urljoin(here, address))
    return unquote(parts.path), unquote(parts.fragment)


def leads_somewhere(path, anchor, pages):
    if path in pages:
        return not anchor or anchor in pages[path].anchors
    return (SITE / path).is_file()


def local(addresses):
    for address in sorted(addresses):
        if not is_elsewhere(address) and urlsplit(address).scheme == "":
            yield address


def test_the_site_has_its_parts(pages):
    parts = ["index", "guide/index", "api/index", "gallery/index", "benchmarks/index"]
    assert set(pages) >= {f"{part}.html" for part in parts}


def test_every_internal_link_and_anchor_leads_somewhere(pages):
    dead = [
        (here, address)
        for here, page in pages.items()
        for address in local(page.links | page.files)
        if not leads_somewhere(*target(here, address), pages)
    ]
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(pages):
    for here, page in pages.items():
        assert [file for file in page.files if is_elsewhere(file)] == [], here
    for sheet in SITE.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", text), sheet


def test_every_picture_is_there_and_shows_something(pages):
    pictures = {
        target(here, address)[0]
        for here, page in pages.items()
        for address in local(page.pictures)
    }
    assert len(pictures) > 10
    for path in sorted(pictures):
        if path.endswith(".svg"):
            text = (SITE / path).read_text(encoding="utf-8")
            assert re.search(r"<(?:path|circle|rect|line|polygon|text)\b", text), path
            continue
        with Image.open(SITE / path) as picture:
            *extrema, (least_opaque, _) = picture.convert("RGBA").getextrema()
        assert any(low < high for low, high in extrema), path
        # the margins of a thumbnail are transparent, its picture is not
        assert least_opaque == 255 or path.endswith("_thumb.png"), path


@pytest.fixture(scope="module")
def address():
    """The address of the site, served on this machine."""
    handler = functools.partial(QuietHandler, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def browser():
    """A browser that finds no other machine."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    from playwright.sync_api import sync_playwright

    alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=[alone])
        yield opened
        opened.close()


# What sticks out of the screen is cut off, unless it lies in something that scrolls.
IN_THE_PAGE = """async () => {
    const article = document.querySelector("article") ?? document.body;
    const scrolls = element => {
        for (let e = element; e && e !== article; e = e.parentElement)
            if (/auto|scroll/.test(getComputedStyle(e).overflowX)) return true;
        return false;
    };
    const sticksOut = element =>
        element.getBoundingClientRect().right > window.innerWidth + 1 &&
        element.checkVisibility() && !element.closest("mjx-container, .headerlink") &&
        !scrolls(element);
    const formulas = [...document.querySelectorAll("mjx-container")];
    const isCut = formula =>
        formula.getBoundingClientRect().right > window.innerWidth + 1 && !scrolls(formula);
    const scroller = table => table.closest(".pst-scrollable-table-container");
    const hides = table => scroller(table).scrollWidth > scroller(table).clientWidth + 1;
    const tables = [...article.querySelectorAll("table.table")].filter(scroller);
    const code = [...document.querySelectorAll("div[class*=highlight-py] pre")];
    if (window.MathJax?.startup) await MathJax.startup.promise;
    const images = [...document.images];
    for (const image of images) image.loading = "eager";
    await Promise.allSettled(images.map(image => image.decode()));
    return {
        wide: document.documentElement.scrollWidth - window.innerWidth,
        cut: [...article.querySelectorAll("*")].filter(sticksOut).map(e => e.outerHTML),
        scrolled: tables.filter(hides).map(table => ({
            heading: table.rows[0].innerText.replace(/\\s+/g, " "),
            columns: table.rows[0].cells.length,
            first: getComputedStyle(table.rows[1].cells[0]).position,
            shadow: getComputedStyle(scroller(table)).backgroundImage,
        })),
        code: code.length,
        plain: code.filter(e => !e.querySelector("span[class]")).map(e => e.textContent),
        unloaded: images.filter(image => !image.naturalWidth).map(image => image.src),
        figures: [...article.querySelectorAll(".figure-box img")]
            .filter(image => image.checkVisibility() && !image.closest(".landing-hero"))
            .map(image => ({
                source: image.src,
                width: image.getBoundingClientRect().width,
                inches: Number(getComputedStyle(image).getPropertyValue("--inches")),
            })),
        formulas: document.querySelectorAll(".math").length,
        rendered: document.querySelectorAll(".math mjx-container").length,
        cutFormulas: formulas.filter(isCut).map(e => e.textContent),
        wrong: document.querySelectorAll("mjx-merror, [data-mjx-error]").length,
    };
}"""


@pytest.fixture(scope="module")
def visits(pages, address, browser):
    """What came of opening every page but those of source code, at both widths."""
    found = []
    for width in WIDTHS.values():
        context = browser.new_context(viewport={"width": width, "height": 850})
        tab = context.new_page()
        requests, errors = [], []
        tab.on("request", lambda request: requests.append(request.url))  # noqa: B023
        tab.on("pageerror", lambda error: errors.append(str(error)))  # noqa: B023
        for path in pages:
            if path.startswith("code/"):
                continue
            requests.clear()
            errors.clear()
            tab.goto(f"{address}/{path}")
            seen = SimpleNamespace(page=(path, width), **tab.evaluate(IN_THE_PAGE))
            seen.requests, seen.errors = list(requests), list(errors)
            found.append(seen)
        context.close()
    return found


def test_no_request_leaves_this_machine(visits, address):
    left = {
        url
        for visit in visits
        for url in visit.requests
        if not url.startswith((address, "data:", "blob:"))
    }
    assert left == set()


def test_no_script_fails(visits):
    assert [(visit.page, visit.errors) for visit in visits if visit.errors] == []


def test_every_picture_loads(visits):
    assert [(visit.page, visit.unloaded) for visit in visits if visit.unloaded] == []


def test_mathematics_is_rendered(visits):
    assert sum(visit.formulas for visit in visits) > 50
    failed = [v.page for v in visits if v.rendered != v.formulas or v.wrong]
    assert failed == []


def test_no_page_is_wider_than_the_screen(visits):
    assert [(visit.page, visit.wide) for visit in visits if visit.wide > 0] == []
    assert [(visit.page, visit.cut) for visit in visits if visit.cut] == []
    assert [(v.page, v.cutFormulas) for v in visits if v.cutFormulas] == []


def test_every_table_fits_on_a_desktop_and_tables_of_text_on_a_phone(visits):
    cut = [
        (visit.page, table["heading"])
        for visit in visits
        for table in visit.scrolled
        if visit.page[1] == WIDTHS["desktop"] or table["columns"] <= MOST_COLUMNS_OF_TEXT
    ]
    assert cut == []


def test_a_table_that_scrolls_keeps_its_first_column_in_sight_and_has_a_shadow(visits):
    scrolled = [table for visit in visits for table in visit.scrolled]
    assert len(scrolled) > 3
    for table in scrolled:
        assert table["first"] == "sticky", table["heading"]
        assert "gradient" in table["shadow"], table["heading"]


def test_the_text_of_every_figure_can_be_read_on_a_phone(visits):
    small = [
        (visit.page, figure)
        for visit in visits
        for figure in visit.figures
        if figure["width"] < FEWEST_PIXELS_PER_INCH * figure["inches"]
    ]
    assert sum(len(visit.figures) for visit in visits) > 100
    assert small == []


def test_quotes_in_the_reference_are_those_of_code(pages):
    curly = [
        here
        for here in pages
        if here.startswith("api/") and re.search("[“”]", (SITE / here).read_text("utf-8"))
    ]
    assert curly == []


def test_code_is_highlighted(visits):
    assert sum(visit.code for visit in visits) > 100
    assert [(visit.page, visit.plain) for visit in visits if visit.plain] == []


# What people type, and the page that must be the first result.
SEARCHED = {
    "tutorial": "tutorial",
    "softmax": "tutorial",
    "playground": "playground",
    "interactive": "playground",
    "overfitting": "guide/regularising",
    "regularization": "guide/regularising",
    "dropout": "guide/regularising",
    "early stopping": "guide/regularising",
    "ensemble": "guide/regularising",
    "imbalanced": "guide/regularising",
    "calibration": "guide/regularising",
    "cross-entropy": "guide/choosing",
    "hyperparameter": "guide/choosing",
    "learning rate": "guide/choosing",
    "optimizer": "guide/choosing",
    "activation function": "guide/choosing",
    "backpropagation": "six_equations",
    "gradient descent": "six_equations",
    "MLPClassifier": "guide/from_mlp",
    "MLPRegressor": "guide/from_mlp",
    "Keras": "guide/from_mlp",
    "PyTorch": "guide/array_api",
    "GPU": "guide/array_api",
    "cite": "citing",
    "install": "installation",
    "conda": "installation",
    "prediction interval": "guide/uncertainty",
    "uncertainty": "guide/uncertainty",
    "pickle": "guide/saving",
    "GridSearchCV": "guide/searching",
    "Optuna": "guide/searching",
    "pipeline": "guide/workflow",
    "missing values": "guide/workflow",
    "NaN": "guide/workflow",
    "categorical features": "guide/workflow",
    "one-hot": "guide/workflow",
    "pandas": "guide/workflow",
    "polars": "guide/workflow",
    "data frame": "guide/workflow",
    "CSV": "guide/workflow",
    "dates": "guide/workflow",
    "sparse": "guide/workflow",
    "multilabel": "guide/workflow",
    "threads": "guide/workflow",
    "class weight": "guide/regularising",
    "sample weight": "guide/regularising",
    "gradient clipping": "guide/regularising",
    "weight decay": "guide/regularising",
    "quantile regression": "guide/uncertainty",
    "conformal": "guide/uncertainty",
    "partial_fit": "guide/big_data",
    "large data sets": "guide/big_data",
    "save model": "guide/saving",
    "explain": "guide/effects",
    "partial dependence": "guide/effects",
    "monotone constraints": "guide/monotonic",
    "monotonic_cst": "guide/monotonic",
    "residual connections": "guide/deep",
    "layer normalisation": "guide/deep",
    "ordinal regression": "guide/choosing",
    "reproducible": "reliability/index",
    "random_state": "reliability/index",
    "getting started": "installation",
    "quickstart": "installation",
    "MNIST": "tutorial",
    "callback": "guide/workflow",
    "Parquet": "guide/big_data",
    "MLflow": "guide/tracking",
    "vanishing gradients": "guide/health",
    "dead units": "guide/health",
    "logistic regression": "guide/worth_it",
    "feature importance": "guide/effects",
    "SHAP": "guide/effects",
    "integrated gradients": "guide/effects",
    "hidden layer": "guide/deep",
    "Dask": "guide/clusters",
    "custom loss": "guide/components",
    "ONNX": "guide/onnx",
    "monotonic constraints": "guide/monotonic",
    "monotone": "guide/monotonic",
    "residual": "guide/deep",
    "layer normalization": "guide/deep",
    "ordinal": "guide/choosing",
    "ordered classes": "guide/choosing",
    "batch size": "guide/choosing",
    "early stopping ends": "guide/regularising",
    "large data": "guide/big_data",
}


@pytest.fixture(scope="module")
def search(address, browser):
    """Return a function from a query to the addresses of all results, best first."""
    tab = browser.new_page()

    def results(query):
        tab.goto(f"{address}/search.html?q={quote(query)}")
        tab.wait_for_selector("#search-results .search-summary:not(:empty)")
        tab.wait_for_selector("#search-results li a")
        links = tab.locator("#search-results li a")
        return links.evaluate_all("all => all.map(a => a.href)")

    yield results
    tab.close()


@pytest.mark.parametrize(("query", "page"), SEARCHED.items())
def test_the_search_finds_what_people_type(query, page, search, address):
    assert search(query)[0].startswith(f"{address}/{page}.html")


def test_the_search_finds_the_reference(search):
    assert any("api/skshallow.DeepNetClassifier" in link for link in search("dropout"))


# The playground, opened from a file as a reader without a server would.


@pytest.fixture(scope="module", params=WIDTHS.values(), ids=WIDTHS)
def playground(request, browser):
    """The open page, and the errors in its console but for those of the theme."""
    context = browser.new_context(viewport={"width": request.param, "height": 850})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab, errors, requests = context.new_page(), [], []

    def note(message):
        own = "pydata-sphinx-theme" not in message.location["url"]
        if message.type in {"error", "warning"} and own:
            errors.append(message.text)

    tab.on("console", note)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto((SITE / "playground.html").as_uri())
    wait_for(tab, Setting(), EPOCHS[-1])
    yield SimpleNamespace(tab=tab, errors=errors, requests=requests, width=request.param)
    context.close()


SHOWN_NOW = "document.getElementById('the-playground').dataset.shown"


def wait_for(tab, setting, epoch):
    """Return when the page shows this."""
    tab.wait_for_function(
        f"""wanted => {{
            const shown = JSON.parse({SHOWN_NOW} ?? "{{}}");
            return Object.keys(wanted).every(key => wanted[key] === shown[key]);
        }}""",
        arg={**vars(setting), "epoch": epoch},
    )


def choose(tab, setting, epoch):
    """Show this, by its address."""
    address = "&".join(f"{key}={value}" for key, value in vars(setting).items())
    tab.evaluate("hash => { location.hash = hash; }", f"{address}&epoch={epoch}")
    wait_for(tab, setting, epoch)


TRAININGS = {
    "moons": (Setting("moons", 2, "tanh", "relu", 1, "adam"), EPOCHS[5]),
    "circles": (Setting("circles", 1, "sigmoid", "relu", 1, "lbfgs"), EPOCHS[-1]),
    "spirals": (Setting("spirals", 4, "tanh", "sigmoid", 1, "momentum"), EPOCHS[3]),
    "dead units": (Setting("circles", 2, "relu", "relu", 10, "sgd"), EPOCHS[7]),
}


@pytest.mark.parametrize(("setting", "epoch"), TRAININGS.values(), ids=TRAININGS)
def test_the_playground_shows_what_its_code_gives(playground, setting, epoch):
    tab = playground.tab
    choose(tab, setting, epoch)
    code = playground_recorder.code(setting, epoch)
    assert tab.locator(".play-code").text_content() == code
    left = playground_recorder.run(
        f"import warnings; warnings.simplefilter('ignore')\n{code}"
    )
    points = left["X_new"][:40]
    shown = tab.evaluate("points => points.map(playground.probabilityAt)", points.tolist())
    expected = left["net"].predict_proba(points)[:, 1]
    assert abs(shown - expected).mean() < 0.01  # weights have twelve bits
    verdicts = [
        text for text in left["health_report"](left["net"]).verdicts if text != "healthy"
    ]
    assert tab.locator(".play-health p").all_text_contents() == verdicts


def test_the_slider_of_the_playground_moves_by_keyboard(playground):
    tab = playground.tab
    choose(tab, Setting(), EPOCHS[-1])
    picture = "document.querySelector('.play-output').toDataURL()"
    before = tab.evaluate(picture)
    tab.locator("input[type=range]").press("ArrowLeft")
    wait_for(tab, Setting(), EPOCHS[-2])
    assert f"max_iter={EPOCHS[-2]}" in tab.locator(".play-code").text_content()
    assert f"Epoch {EPOCHS[-2]}:" in tab.locator(".play-summary").text_content()
    assert tab.evaluate(picture) != before
    tab.locator("input[type=range]").press("Home")
    wait_for(tab, Setting(), EPOCHS[0])


def test_the_playground_plays_to_the_last_epoch_and_stops(playground):
    tab = playground.tab
    choose(tab, Setting(), EPOCHS[-3])
    tab.locator(".play-button").press("Enter")
    wait_for(tab, Setting(), EPOCHS[-1])
    assert "Play" in tab.locator(".play-button").text_content()


def test_a_solver_is_chosen_by_keyboard_and_its_rule_is_shown(playground):
    tab = playground.tab
    choose(tab, Setting(solver="sgd"), EPOCHS[-1])
    tab.locator("input[name=play-solver]:checked").press("ArrowRight")
    wait_for(tab, Setting(solver="momentum"), EPOCHS[-1])
    rule = tab.locator(".play-rule pre").text_content().splitlines()
    assert rule == list(playground_recorder.RULES["momentum"].lines)
    assert 'solver="momentum"' in tab.locator(".play-code").text_content()


def test_each_suggestion_of_the_playground_shows_another_training(playground):
    tab, shown = playground.tab, []
    buttons = tab.locator(".play-tries button")
    for i in range(buttons.count()):
        buttons.nth(i).click()
        tab.wait_for_function(f"seen => !seen.includes({SHOWN_NOW})", arg=shown)
        shown.append(tab.evaluate(SHOWN_NOW))
    assert len(shown) == len(set(shown)) == 7


def test_units_of_the_playground_are_shown_large_by_keyboard(playground):
    tab = playground.tab
    choose(tab, Setting(), EPOCHS[-1])
    title = tab.locator(".play-result b")
    tab.get_by_role("button", name="output", exact=True).press("ArrowLeft")
    assert title.text_content() == "Output of hidden 2, unit 1"
    tab.keyboard.press("ArrowDown")
    assert title.text_content() == "Output of hidden 2, unit 2"
    tab.keyboard.press("Enter")  # to keep it
    tab.locator("input[type=range]").press("ArrowLeft")
    wait_for(tab, Setting(), EPOCHS[-2])
    assert title.text_content() == "Output of hidden 2, unit 2"
    tab.get_by_role("button", name="hidden 2, unit 2").press("Enter")
    tab.locator("input[type=range]").focus()
    assert title.text_content() == "Probability of class 1"


def test_the_code_of_the_playground_is_copied(playground):
    tab = playground.tab
    choose(tab, Setting(), EPOCHS[4])
    tab.locator(".play-copy").click()
    tab.wait_for_function(
        "document.querySelector('.play-copy').textContent.includes('Copied')"
    )
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied == playground_recorder.code(Setting(), EPOCHS[4])


def test_the_deepest_network_of_the_playground_fits_on_the_screen(playground):
    tab = playground.tab
    choose(tab, Setting("spirals", depth=4, init_scale=10, solver="sgd"), EPOCHS[-1])
    seen = SimpleNamespace(**tab.evaluate(IN_THE_PAGE))
    assert seen.wide <= 0
    assert seen.cut == []


def test_everything_in_the_playground_has_a_name(playground):
    nameless = playground.tab.evaluate(
        """() => {
            const parts = "#the-playground :is(input, button, [role=img])";
            return [...document.querySelectorAll(parts)]
                .filter(e => !(e.ariaLabel || e.labels?.length || e.textContent.trim()))
                .map(e => e.outerHTML);
        }"""
    )
    assert nameless == []


def test_the_playground_loads_files_alone_and_nothing_fails(playground):
    assert playground.errors == []
    assert all(url.startswith(("file:", "data:")) for url in playground.requests)


def test_the_playground_takes_less_than_three_megabytes():
    files = [
        *(SITE / "_static").glob("playground*"),
        *(SITE / "_static/playground").iterdir(),
    ]
    assert sum(path.stat().st_size for path in files if path.is_file()) < 3_000_000
