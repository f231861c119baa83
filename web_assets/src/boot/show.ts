/** Shows a message in place of the application. */
import type { Message } from "./types";

/** @param retry called by the button; the button says that it works until the next message */
export function show(page: Document, message: Message, retry: () => void): void {
  const app = page.getElementById("app") || page.body;
  while (app.firstChild) app.removeChild(app.firstChild);
  const add = (parent: Element, tag: string, name: string, text: string): HTMLElement => {
    const element = page.createElement(tag);
    if (name) element.className = name;
    element.textContent = text;
    parent.appendChild(element);
    return element;
  };
  const frame = add(app, "div", "boot", "");
  const main = add(frame, "main", "boot-message", "");
  main.setAttribute("lang", "en");
  const box = add(main, "div", "", "");
  box.setAttribute("role", "alert");
  add(box, "h1", "", message.title);
  for (let i = 0; i < message.text.length; i++) {
    add(box, "p", "", message.text[i]!);
    if (i === 0 && message.code) add(add(box, "p", "", ""), "code", "", message.code);
  }
  if (message.link) {
    const link = add(add(box, "p", "", ""), "a", "", message.link) as HTMLAnchorElement;
    link.href = message.link;
    link.target = "_blank";
    link.rel = "noopener";
  }
  if (!message.button) return;
  const button = add(main, "button", "", message.button) as HTMLButtonElement;
  button.type = "button";
  button.onclick = () => {
    button.disabled = true;
    button.textContent = "Loading…";
    retry();
  };
}
