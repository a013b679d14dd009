"""Figures of the site: how wide they are, and where they lead."""

from types import SimpleNamespace

import pytest
from PIL import Image
from readable_figures import change, inches

SHARP = 'srcset="../_images/a.png, ../_images/a_2_00x.png 2.00x"'
PICTURES = {
    "wide": ('<img src="../_images/a.png"/>', "figure-box wide", "../_images/a.png"),
    "narrow": ('<img alt="b" src="../_images/b.png"/>', "figure-box", "../_images/b.png"),
    "sharp": (
        f'<img src="../_images/a.png" {SHARP}/>',
        "figure-box wide",
        "../_images/a_2_00x.png",
    ),
}


@pytest.fixture
def on_page(tmp_path):
    """Return a function from the body of a page to what the site shows."""
    images = tmp_path / "_images"
    images.mkdir()
    Image.new("L", (1440, 10)).save(images / "a.png", dpi=(144, 144))
    Image.new("L", (550, 10)).save(images / "b.png", dpi=(100, 100))
    Image.new("L", (960, 10)).save(images / "a_thumb.png", dpi=(100, 100))
    Image.new("L", (960, 10)).save(images / "photograph.png")
    (images / "c.svg").write_text("<svg/>")
    builder = SimpleNamespace(images={}, get_target_uri=lambda page: f"{page}.html")
    app = SimpleNamespace(srcdir=tmp_path, outdir=tmp_path, builder=builder)

    def shown(body):
        context = {"body": body}
        change(app, "guide/page", "page.html", context, None)
        return context["body"]

    return shown


def test_the_width_is_that_of_the_drawing_however_many_pixels_it_has(tmp_path):
    for dots in (100, 200):
        path = tmp_path / f"{dots}.png"
        Image.new("L", (6 * dots, 10)).save(path, dpi=(dots, dots))
        assert inches(path) == pytest.approx(6, rel=0.001)


@pytest.mark.parametrize(("picture", "box", "href"), PICTURES.values(), ids=PICTURES)
def test_a_figure_is_in_a_box_and_leads_to_its_sharpest_file(on_page, picture, box, href):
    shown = on_page(f"<p>{picture}</p>")
    assert shown.startswith(f'<p><span class="{box}" style="--inches: ')
    assert f'<a href="{href}" title="Full size">{picture}</a></span></p>' in shown


def test_a_figure_that_is_a_link_keeps_it(on_page):
    link = '<a class="x" href="example.html"><img src="../_images/a.png"/>\n</a>'
    shown = on_page(link)
    assert shown == f'<span class="figure-box wide" style="--inches: 10.0">{link}</span>'


@pytest.mark.parametrize("name", ["a_thumb.png", "photograph.png", "c.svg"])
def test_other_pictures_stay_as_they_are(on_page, name):
    picture = f'<p><img src="../_images/{name}"/></p>'
    assert on_page(picture) == picture
