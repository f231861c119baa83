/**
 * Names and values made safe to show. `display.py` of the builder does the same for the terminal;
 * tests/golden/shown.json holds for both.
 */

/* eslint-disable no-control-regex -- these characters are what is looked for */
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/g;
const UNSAFE_IN_LINES = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/g;
/* eslint-enable no-control-regex */

/**
 * `text` with visible signs for characters that could hide something or turn the direction of what follows: `␊`
 * for a line feed, `\u{202E}` for a bidirectional override. `lines` keeps line feeds and tabs.
 */
export function visible(text: string, lines = false): string {
  return text.replace(lines ? UNSAFE_IN_LINES : UNSAFE, sign);
}

function sign(unsafe: string): string {
  const code = unsafe.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `\\u{${code.toString(16).toUpperCase()}}`;
}
