/** The lower edge of the header once the page is scrolled; it covers what is above. On phones only a part of it stays. */
export function headLine(): number {
  const header = document.querySelector<HTMLElement>(".header");
  return header ? header.offsetHeight + Math.min(0, parseFloat(getComputedStyle(header).top) || 0) : 0;
}
