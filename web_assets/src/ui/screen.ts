/** The height of the screen, for what is being drawn. */

let known = 0;

/**
 * In CSS pixels. The browser is asked once, and again after the window has changed its size: it lays the page out to
 * answer, which takes a phone some 10 ms.
 */
export function screenHeight(): number {
  if (!known) {
    known = innerHeight;
    addEventListener("resize", () => { known = 0; }, { once: true });
  }
  return known;
}
