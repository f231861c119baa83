"""What a visitor does on a published site, in a real browser."""

from __future__ import annotations

import re

from conftest import COUNT, HOSTILE, Visit, eventually, still
from playwright.sync_api import Page, expect
from steps import names


def to_the_end(page: Page) -> None:
    """Scrolls until the last picture is shown; the page grows as the sizes of pictures become known."""
    last = page.locator(f'.tile-link[data-index="{COUNT - 1}"]')
    eventually(lambda: bool(page.mouse.wheel(0, 100_000) or last.count()), seconds=60)


def test_first_visit_shows_the_collection_and_draws_only_what_is_on_screen(visit: Visit) -> None:
    page = visit(reduced_motion="reduce").home()
    expect(page).to_have_title("Drawn shapes")
    expect(page.get_by_role("heading", level=1)).to_have_text("Drawn shapes")
    expect(page.locator(".summary")).to_contain_text(f"{COUNT} pictures")
    expect(page.locator("#search")).to_be_focused()
    assert 5 < page.locator(".tile").count() < COUNT
    to_the_end(page)
    expect(page.locator(f'.tile-link[data-index="{COUNT - 1}"] img.shown')).to_be_visible()
    assert page.locator('.tile-link[data-index="5"]').count() == 0


def test_text_finds_by_words_and_meaning(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    page.keyboard.type("yellow triangle")
    visitor.settled("“yellow triangle”")
    assert page.url.endswith("#q=yellow+triangle")
    found = names(page, 6)
    # Both arms agree on the first; pictures that the model considers similar may come between the others.
    assert "yellow triangle" in found[0], found
    assert len(found) == 6 and all("yellow" in name for name in found), found
    expect(page.locator(".divider")).to_have_text("Weaker matches")
    page.locator('.tile-link[data-index="0"]').hover()
    reasons = page.locator(".tile-why").first
    expect(reasons).to_have_text(
        re.compile(r"(^|· )(title|tag|Title|Tag|file name has|File name has).*“yellow”")
    )
    numbers = re.compile(r"^Similarity 0\.\d\d · rank \d+ by meaning · rank \d+ by words$")
    first = page.locator('.tile-link[data-index="0"]')
    expect(first).to_have_attribute("title", numbers)
    # The line is never before the first row is full.
    line, tile = page.locator(".divider").bounding_box(), first.bounding_box()
    assert line and tile and line["y"] >= tile["y"] + tile["height"] - 1
    page.get_by_role("radio", name="Words").check()
    expect(page.locator(".summary")).to_contain_text("9 pictures with “yellow triangle”, 63 more")
    found = names(page, 10)
    assert len(found) == 10 and all("yellow triangle" in name for name in found[:9]), found
    assert "yellow triangle" not in found[9]


def test_example_queries_search(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    page.get_by_role("button", name="red circle").click()
    visitor.settled("“red circle”")
    expect(page.locator("#search")).to_have_value("red circle")


def test_a_syntax_error_is_explained_with_a_suggestion(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#mode=words&q=(red+AND+circle")
    button = page.get_by_role("button", name="Search for")
    expect(button).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing found")).to_have_count(0)
    button.click()
    expect(button).to_have_count(0)


def test_nothing_found_offers_suggestions(visit: Visit) -> None:
    page = visit().open("#mode=words&q=zebra")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.get_by_role("button", name="Show the whole collection").click()
    expect(page.locator(".summary")).to_contain_text(f"{COUNT} pictures")


def test_more_like_this(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#mode=words&q=blue+circle")
    page.locator(".tile-link").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".similar img").first).to_be_visible()
    dialog.get_by_role("button", name="More like this").click()
    expect(dialog).to_have_count(0)
    visitor.settled("More like this picture")
    assert re.search(r"#like=[0-9a-f]{16}$", page.url)
    expect(page.locator(".like-chip img")).to_be_visible()
    assert sum("blue" in name or "circle" in name for name in names(page, 8)) >= 6
    page.get_by_role("button", name="Search without this picture").click()
    expect(page.locator(".summary")).to_contain_text(f"{COUNT} pictures")


def test_detail_shows_everything_and_gives_the_focus_back(visit: Visit) -> None:
    visitor = visit()
    page = visitor.search("red square")
    page.locator('.tile-link[data-index="0"]').click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_contain_text("red square")
    expect(dialog.locator("mark").first).to_be_visible()
    for text in ("Credit and licence", "Drawn by a test", "CC0 1.0", "Painted", "Image id"):
        expect(dialog.get_by_text(text).first).to_be_visible()
    first = page.url
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(first)
    expect(dialog.locator(".stage-position")).to_contain_text("2")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator('.tile-link[data-index="1"]')).to_be_focused()
    assert page.url.endswith("#q=red+square&mode=words")


def test_links_of_a_collection_are_plain_web_links(visit: Visit) -> None:
    page = visit().open("#mode=words&q=%22green+stripe%22")
    expect(page.locator(".tile-link")).to_have_count(9)
    seen = 0
    for index in range(9):
        page.locator(f'.tile-link[data-index="{index}"]').click()
        link = page.locator(".detail-info .outward")
        expect(page.locator(".detail-info .credit")).to_be_visible()
        if link.count():
            seen += 1
            assert (link.get_attribute("href") or "").startswith("https://example.org/")
            assert "noopener" in (link.get_attribute("rel") or "")
        else:
            expect(page.locator(".credit")).to_contain_text("javascript:alert(1)")
        page.keyboard.press("Escape")
    assert seen == 8
    assert page.locator('a[href^="javascript" i]').count() == 0


def test_markup_in_captions_stays_text(visit: Visit) -> None:
    page = visit().open("#mode=words&q=onerror")
    page.locator(".tile-link").first.click()
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_have_text(HOSTILE)
    assert page.locator("b, img[onerror]").count() == 0


def test_original_can_be_downloaded(visit: Visit) -> None:
    page = visit().search("red circle")
    page.locator(".tile-link").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Original").click()
    assert download.value.suggested_filename.endswith(".png")


def test_a_deep_link_restores_everything(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#mode=words&q=drawing&is.tags=red&is.tags=blue&sort=-rating")
    expect(page.locator(".summary")).to_contain_text("72 pictures")
    expect(page.locator(".chips .chip")).to_have_count(2)
    page.locator('.tile-link[data-index="3"]').click()
    heading = page.get_by_role("dialog").get_by_role("heading", level=2)
    expect(heading).not_to_have_text("…")
    title, url = heading.inner_text(), page.url
    page.reload()
    expect(heading).to_have_text(title)
    assert page.url == url
    page.keyboard.press("Escape")
    expect(page.locator("#search")).to_have_value("drawing")
    expect(page.locator(".summary")).to_contain_text("72 pictures")
    expect(page.get_by_role("radio", name="Words")).to_be_checked()
    other = visitor.context.new_page()
    other.goto(url.replace("#", "?"))
    expect(other.get_by_role("dialog").get_by_role("heading", level=2)).to_have_text(title)


def test_a_link_to_a_picture_opens_it_in_a_tab_that_shows_a_search(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#q=drawing&mode=words")
    page.locator('.tile-link[data-index="3"]').click()
    heading = page.get_by_role("dialog").get_by_role("heading", level=2)
    expect(heading).not_to_have_text("…")
    title = heading.inner_text()
    link = "#image=" + page.url.rpartition("image=")[2]
    page.keyboard.press("Escape")
    page.locator("#search").fill("drawing red")
    expect(page.locator(".summary[data-stage=final]")).to_contain_text("drawing red")
    page.evaluate("link => { location.hash = link }", link)
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_have_text(title)
    page.wait_for_timeout(300)
    assert page.url.endswith(link)
    expect(page.get_by_role("dialog")).to_be_visible()


def test_back_and_forward_bring_back_results_and_place(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    page.mouse.wheel(0, 1500)
    before = still(page)
    assert before > 1000
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("purple")
    page.keyboard.press("Enter")
    visitor.settled("“purple”")
    page.locator(".tile-link").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".summary")).to_contain_text("“purple”")
    page.go_back()
    expect(page.locator(".summary")).to_contain_text(f"{COUNT} pictures")
    eventually(lambda: abs(page.evaluate("scrollY") - before) < 120)
    expect(page.locator("#search")).to_have_value("")
    page.go_forward()
    expect(page.locator("#search")).to_have_value("purple")
    page.go_forward()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_two_steps_back_from_a_picture_lead_to_the_place(visit: Visit) -> None:
    visitor = visit()
    page = visitor.home()
    page.evaluate("scrollTo({ top: 1500, behavior: 'instant' })")
    still(page)
    page.keyboard.type("purple")
    visitor.settled("“purple”")
    # Its tile is a little above the reading position in the whole collection.
    page.locator(".tile-link").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate("history.go(-2)")
    expect(page.locator(".summary")).to_contain_text(f"{COUNT} pictures")
    expect(page.get_by_role("dialog")).to_have_count(0)
    eventually(lambda: page.evaluate("scrollY") > 0)
    assert abs(still(page) - 1500) < 120


def test_a_step_right_after_scrolling_keeps_the_place(visit: Visit) -> None:
    page = visit().home()
    example = page.get_by_role("group", name="Examples").get_by_role("button", name="blue stripe")
    example.evaluate("(b) => { scrollTo({ top: 1500, behavior: 'instant' }); b.click(); }")
    expect(page.locator(".summary")).to_contain_text("“blue stripe”")
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.locator(".summary")).to_contain_text(f"{COUNT} pictures")
    eventually(lambda: abs(page.evaluate("scrollY") - 1500) < 120)


def test_a_picture_closed_by_going_back_leaves_the_page_free(visit: Visit) -> None:
    page = visit(viewport={"width": 900, "height": 500}).home()
    page.evaluate("scrollTo({ top: 300, behavior: 'instant' })")
    still(page)
    page.locator(".tile-link").nth(8).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    # Loading pages and resizing the window do not scroll back.
    to_the_end(page)
    page.set_viewport_size({"width": 860, "height": 500})
    assert still(page) > 2000


def test_filters_count_narrow_and_exclude(visit: Visit) -> None:
    page = visit().home()
    page.get_by_role("button", name="Filters").click()
    panel = page.get_by_role("complementary", name="Filters")
    tags = panel.get_by_role("group", name="Tags")
    expect(tags.get_by_text("red", exact=True)).to_be_visible()
    expect(tags.locator("li", has_text="red").locator(".facet-count")).to_have_text("36")
    tags.get_by_role("checkbox", name="red").check()
    expect(page.locator(".summary")).to_contain_text(f"36 of {COUNT} pictures")
    tags.get_by_role("button", name="Exclude circle").click()
    expect(page.locator(".summary")).to_contain_text(f"27 of {COUNT} pictures")
    panel.locator("summary", has_text="Rating").click()
    panel.get_by_role("group", name="Rating").get_by_label("From", exact=True).fill("5")
    panel.get_by_role("group", name="Rating").get_by_label("From", exact=True).press("Enter")
    expect(page.locator(".summary")).to_contain_text(f"3 of {COUNT} pictures")
    assert "in.rating=5.." in page.url
    page.get_by_role("button", name="Remove filter Rating").click()
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator(".summary")).to_contain_text(f"{COUNT} pictures")


def test_keyboard_alone_is_enough(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open("#group=no")
    expect(page.locator(".tile-link img.shown").first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("green circle")
    page.keyboard.press("Enter")
    visitor.settled("“green circle”")
    page.keyboard.press("ArrowDown")
    expect(page.locator('.tile-link[data-index="0"]')).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator('.tile-link[data-index="1"]')).to_be_focused()
    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.getBoundingClientRect().top")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") < below
    page.keyboard.press("End")
    expect(page.locator(".tile-link:focus")).to_have_attribute("data-index", re.compile(r"\d{2,}"))
    page.keyboard.press("Home")
    expect(page.locator('.tile-link[data-index="0"]')).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_contain_text("green circle")
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(".stage-position")).to_contain_text("2")
    page.keyboard.press("+")
    expect(page.locator(".stage.zoomed")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".stage.zoomed")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator('.tile-link[data-index="1"]')).to_be_focused()
    page.keyboard.press("m")
    visitor.settled("More like this picture")


def test_colours_follow_the_choice_and_stay(visit: Visit) -> None:
    page = visit(color_scheme="dark").home()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Colours").click()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light == "rgb(255, 255, 255)"
    page.reload()
    expect(page.locator(".tile-link").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light
