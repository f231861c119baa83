"""What must hold on every page of a site: controls do not overlap, no text is cut, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[1] / "web_assets" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")

FAULTS = """() => {
  const layer = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document;
  const looks = (element) => element.checkVisibility({opacityProperty: true, visibilityProperty: true});
  const spoken = (element) => getComputedStyle(element).clipPath.startsWith("inset(50%");
  const name = (element) => element.outerHTML.slice(0, 110);
  // The part of it that can be seen.
  const box = (element) => {
    let {left, right, top, bottom} = element.getBoundingClientRect();
    for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
      if (getComputedStyle(at).overflowY === "visible") continue;
      const around = at.getBoundingClientRect();
      [left, right] = [Math.max(left, around.left), Math.min(right, around.right)];
      [top, bottom] = [Math.max(top, around.top), Math.min(bottom, around.bottom)];
    }
    return {left, right, top, bottom, width: right - left, height: bottom - top};
  };
  const faults = [];

  // Controls on a tile lie on the link of the tile.
  const controls = [...layer.querySelectorAll("a[href], button, input, select, summary, textarea")]
    .filter((element) => looks(element) && box(element).width > 2)
    .filter((element) => !element.closest(".tile, .record, .scrubber"));
  controls.forEach((one, i) => {
    for (const other of controls.slice(i + 1)) {
      if (one.contains(other) || other.contains(one)) continue;
      const [a, b] = [box(one), box(other)];
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (width <= 1 || height <= 1 || covered(one, other)) continue;
      faults.push(`overlap: ${name(one)} and ${name(other)}`);
    }
  });
  // What scrolls passes under a header or footer that stays.
  function covered(one, other) {
    const kept = (element) => {
      for (let at = element; at; at = at.parentElement) {
        if (["sticky", "fixed"].includes(getComputedStyle(at).position)) return at;
      }
      return null;
    };
    return kept(one) !== kept(other);
  }

  for (const element of layer.querySelectorAll("*")) {
    if (!looks(element) || element.closest("svg, script, style, option, .tile")) continue;
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    let hidden = false;
    let scrolls = false;
    let elided = false;
    for (let at = element; at && at !== layer; at = at.parentElement) {
      hidden ||= spoken(at);
      // An ellipsis says that there is more of what reaches further.
      elided ||= at !== element && getComputedStyle(at).textOverflow === "ellipsis";
      // A wide table has a scroll bar of its own.
      scrolls ||= at !== element && at.scrollWidth > at.clientWidth
        && /auto|scroll/.test(getComputedStyle(at).overflowX);
    }
    if (hidden || scrolls) continue;
    const style = getComputedStyle(element);
    const {scrollWidth, clientWidth, scrollHeight, clientHeight} = element;
    if (style.overflowX !== "visible" && scrollWidth > clientWidth + 1) faults.push(`cut: ${name(element)}`);
    if (style.overflowY === "hidden" && scrollHeight > clientHeight + 3) faults.push(`low: ${name(element)}`);
    if (elided) continue;
    const {left, right, width} = element.getBoundingClientRect();
    if (width > 2 && (left < -1 || right > innerWidth + 1)) faults.push(`outside: ${name(element)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push("the page scrolls sideways");
  return faults;
}"""


def faults(page: Page) -> list[str]:
    """Controls that overlap, texts that are cut or outside the screen, and a page that scrolls sideways."""
    found: list[str] = page.evaluate(FAULTS)
    return found


def audit(page: Page, impacts: Collection[str] = GRAVE) -> list[str]:
    """The violations of WCAG 2.2 AA and best practices that axe rates as serious or critical."""
    if not page.evaluate("'axe' in window"):
        # Through the debugger, because the page's own policy forbids another script tag.
        page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
    found: dict[str, Any] = page.evaluate(
        """() => axe.run(document, {resultTypes: ["violations"], runOnly: {type: "tag",
          values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}})"""
    )
    assert len(found["passes"]) > 5, "axe has checked nothing"
    return [
        f"{rule['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for rule in found["violations"]
        if rule["impact"] in impacts
        for node in rule["nodes"]
    ]
