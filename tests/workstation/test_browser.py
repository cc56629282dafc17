"""The page as Chromium shows it: drawn, moving, silent on the console, asking for nothing."""

import io

import numpy as np
import pytest
from PIL import Image

from corporis.workstation import render_heart_page, write_heart_page
from corporis.workstation.organ_page import OrganPage, write_organ_page
from corporis.workstation.panel import View
from workstation.browser import Browser
from workstation.synthetic import heart_page, heart_views

READY = "document.documentElement.dataset.player && document.documentElement.dataset.viewer"
FRAME = "Number(document.querySelector('.transport input').value)"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return write_heart_page(heart_page(), tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture
def page(browser, report):
    """The report, open and standing still at its first frame."""
    browser.resize(1400, 1000)
    browser.open(report, "#frame=1")
    browser.until(READY)
    browser.settle()
    yield browser
    assert browser.problems == [] and browser.requests == []


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def canvas_of(browser, tile):
    """RGBA of one slice's canvas, and its height."""
    script = (
        f"(() => {{ const c = document.querySelectorAll('.tile canvas')[{tile}];"
        "const copy = new OffscreenCanvas(c.width, c.height);"
        "const context = copy.getContext('2d', {willReadFrequently: true});"
        "context.drawImage(c, 0, 0);"
        "const all = context.getImageData(0, 0, c.width, c.height).data;"
        "return [c.height, c.width, ...all]; })()"
    )
    height, width, *data = browser.value(script)
    return np.array(data).reshape(height, width, 4)[..., :3]


def reds(image):
    return (image[..., 0] > image[..., 2] + 60) & (image[..., 0] > image[..., 1] + 60)


def test_everything_is_drawn(page):
    assert page.value("document.documentElement.dataset.viewer") == "drawn"
    plain, outlined = canvas_of(page, 0), canvas_of(page, 1)
    assert not reds(plain).any() and reds(outlined).sum() > 100
    scene = pixels(page.picture_of(".scene"))
    assert (np.ptp(scene, axis=2) > 20).mean() > 0.1
    assert page.value("getComputedStyle(document.querySelector('.stills')).display") == "none"


def test_outline_encloses_the_bright_disc(page):
    image = canvas_of(page, 2)
    line = np.argwhere(reds(image))
    bright = np.argwhere(image.min(axis=2) > 150)
    assert np.abs(line.mean(axis=0) - bright.mean(axis=0)).max() < 2
    assert np.abs(np.ptp(line, axis=0) - np.ptp(bright, axis=0)).max() < 8


def test_time_moves_slices_curve_and_surfaces_together(page):
    marker = "Number(document.querySelector('.curve .now').getAttribute('x1'))"
    start = page.value(marker), reds(canvas_of(page, 1)).sum(), pixels(page.picture_of(".scene"))
    page.value("document.querySelector('[data-frame=\"6\"]').click()")
    page.settle()
    assert page.value(FRAME) == 6 and "7/12" in page.value("document.querySelector('output').value")
    places = page.value("document.querySelector('.curve .now').dataset.places").split()
    assert page.value(marker) == float(places[6]) > start[0]
    assert reds(canvas_of(page, 1)).sum() < 0.9 * start[1]
    assert np.abs(pixels(page.picture_of(".scene")) - start[2]).max() > 60


def test_play_and_pause(page):
    page.value("document.querySelector('.play').click()")
    page.until(f"{FRAME} > 2")
    assert page.value("document.querySelector('.play').getAttribute('aria-label')") == "Pause"
    page.value("document.querySelector('.play').click()")
    at = page.value("clock.position")
    page.settle()
    assert page.value("clock.position") == at and not page.value("clock.playing")


def test_page_plays_by_itself_unless_asked_for_calm(browser, report):
    browser.open(report)
    browser.until("clock.playing")
    browser._call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-reduced-motion", "value": "reduce"}])  # fmt: skip
    browser.open(report)
    browser.until(READY)
    assert not browser.value("clock.playing")
    browser._call("Emulation.setEmulatedMedia", features=[])


def test_planes_of_a_volume_stand_still_at_the_first_one_that_is_wanted(browser, tmp_path):
    planes = View("axial", np.random.default_rng(0).random((5, 8, 8)), group="Planes")
    page = OrganPage("CT report", "case", "Outlined.", True, (), [planes], 5, first_frame=3)
    browser.open(write_organ_page(page, tmp_path / "report.html"))
    browser.until("document.querySelector('output').value === 'plane 4/5'")
    browser.settle()
    assert browser.value(FRAME) == 3 and not browser.value("clock.playing")
    browser.value("document.querySelector('.play').click()")
    browser.until("clock.frame !== 3")


def test_slice_is_enlarged_and_put_back(page):
    width = "document.querySelectorAll('.tile canvas')[1].clientWidth"
    small = page.value(width)
    page.value("document.querySelectorAll('.tile')[1].click()")
    page.settle()
    assert page.value(width) > 2 * small
    assert page.value("document.querySelectorAll('[aria-expanded=true]').length") == 1
    assert reds(canvas_of(page, 1)).sum() > 500
    page.value("document.querySelectorAll('.tile')[1].focus()")
    page.key("Escape")
    page.settle()
    assert page.value(width) == small


def test_outlines_can_be_switched_off(page):
    page.value("document.querySelector('[data-outline=\"left endocardium\"]').click()")
    assert not reds(canvas_of(page, 1)).any()


def test_surfaces_turn_by_keys_and_come_home(page):
    before = pixels(page.picture_of(".scene"))
    page.value("document.querySelector('.scene canvas').focus({preventScroll: true})")
    for _ in range(6):
        page.key("ArrowRight")
    turned = pixels(page.picture_of(".scene"))
    assert (np.abs(turned - before).max(axis=2) > 25).mean() > 0.02
    page.key("Home")
    page.settle()
    assert np.abs(pixels(page.picture_of(".scene")) - before).max() < 25


def test_colouring_legend_and_cut_follow_their_controls(page):
    before = pixels(page.picture_of(".scene"))
    choose = "const s = document.querySelector('.colouring'); s.value = '1';"
    page.value(f"(() => {{ {choose} s.dispatchEvent(new Event('change')); }})()")
    shown = "[...document.querySelectorAll('.legend > *')].map((legend) => legend.hidden)"
    assert page.value(shown) == [True, False]
    coloured = pixels(page.picture_of(".scene"))
    assert (np.abs(coloured - before).max(axis=2) > 25).mean() > 0.02
    cut = "const c = document.querySelector('.cut'); c.value = 60;"
    page.value(f"(() => {{ {cut} c.dispatchEvent(new Event('input')); }})()")
    assert (np.abs(pixels(page.picture_of(".scene")) - coloured).max(axis=2) > 25).mean() > 0.02


def test_narrow_screen_needs_no_sideways_scrolling(page):
    page.resize(360, 800)
    page.settle()
    assert page.value("document.documentElement.scrollWidth") <= 360


def test_single_frame_and_unequal_lengths_run_clean(browser, tmp_path):
    unequal = [*heart_views(2, 12, n_long=0), *heart_views(0, 8, n_long=1)]
    for name, content in (("one", heart_page(n_frames=1)), ("unequal", heart_page(views=unequal))):
        browser.open(write_heart_page(content, tmp_path / f"{name}.html"))
        browser.until(READY)
        browser.settle()
        assert browser.problems == []
    browser.value("clock.seek(11)")
    assert browser.value("document.querySelectorAll('.tile').length") == 3


def test_foreign_script_is_refused(browser, tmp_path):
    text = render_heart_page(heart_page(1, 2, 0, meshes={}))
    foreign = (
        "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
    )
    path = tmp_path / "report.html"
    path.write_text(text.replace("</main>", foreign + "</main>"), encoding="utf-8")
    browser.open(path)
    browser.until("document.documentElement.dataset.player")
    assert browser.value("document.title") == "Heart report: virtual-7"
    assert any("Content Security Policy" in problem for problem in browser.problems)


def test_without_webgl_a_still_picture_is_shown(report):
    with Browser(has_webgl=False) as browser:
        browser.open(report, "#frame=1")
        browser.until(READY)
        assert browser.value("document.documentElement.dataset.viewer") == "still"
        assert browser.value("document.querySelector('.stills img').clientWidth") > 100
        scene = pixels(browser.picture_of(".scene"))
        assert (np.ptp(scene, axis=2) > 20).mean() > 0.05
        assert browser.problems == []
