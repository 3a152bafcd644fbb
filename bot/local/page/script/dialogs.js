// Dialogs and toasts: native <dialog>, so that focus stays inside and Esc closes.
import { button, h, uid } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

/**
 * Open a modal dialog with `title` and `content`; returns {element, close}. `onClose` runs however it was closed.
 * The element that had the focus gets it back, unless `back` says who else gets it.
 * With `host` (a phone) it stands over that one.
 */
export function openDialog({ title, content, className = "", onClose, label, back, host }) {
  const before = document.activeElement;
  const id = uid("title");
  const head = title ? h("header", { class: "dialog-head" }, h("h2", { id }, title), button({ class: "round-button", "aria-label": t("close"), on: { click: () => element.close() } }, icon("close"))) : null;
  const element = h("dialog", { class: `dialog ${className}`, "aria-labelledby": title ? id : null, "aria-label": title ? null : label }, head, content);
  element.addEventListener("close", () => {
    element.remove();
    onClose?.();
    if (back) back();
    else if (before?.isConnected) before.focus({ preventScroll: true });
  });
  element.addEventListener("click", (event) => {
    if (event.target !== element) return;
    const box = element.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) element.close();
  });
  document.body.append(element);
  if (host) {
    const frame = host.getBoundingClientRect();
    element.style.translate = `${Math.round(frame.left + frame.width / 2 - document.documentElement.clientWidth / 2)}px 0`;
    element.style.setProperty("max-width", `${frame.width - 28}px`);
  }
  element.showModal();
  return { element, close: () => element.open && element.close() };
}

/** A message that must be read; resolves true if confirmed. `ask` adds a cancel button. */
export function alertBox(text, { ask = false, host = null } = {}) {
  return new Promise((resolve) => {
    let answer = false;
    const confirm = button({ class: "filled", autofocus: true, on: { click: () => { answer = true; dialog.close(); } } }, t("ok"));
    const cancel = ask ? button({ class: "quiet", on: { click: () => dialog.close() } }, t("cancel")) : null;
    const dialog = openDialog({ label: text, className: "alert", host, content: h("div", { class: "dialog-body" }, h("p", {}, text), h("div", { class: "dialog-actions" }, cancel, confirm)), onClose: () => resolve(answer) });
    dialog.element.setAttribute("role", "alertdialog");
  });
}

/** A short line that goes away by itself; `host` is a phone (default: the page). */
export function toast(text, host = document.getElementById("toasts")) {
  const line = h("div", { class: "toast" }, text);
  host.append(line);
  window.setTimeout(() => {
    line.classList.add("leaving");
    window.setTimeout(() => line.remove(), 250);
  }, Math.max(2600, text.length * 70));
}
