// Popup menus inside a phone: arrow keys, Home and End, Esc, a press outside closes.
import { button, h } from "./dom.js";
import { icon } from "./icons.js";

let open = null;

/** Close the menu that is open, if one is. */
export function closeMenu(giveFocus = true) {
  if (!open) return;
  const { element, before, outside } = open;
  open = null;
  document.removeEventListener("pointerdown", outside, true);
  element.remove();
  before?.setAttribute?.("aria-expanded", "false");
  if (giveFocus && before?.isConnected) before.focus({ preventScroll: true });
}

function place(element, host, at) {
  const frame = host.getBoundingClientRect();
  const box = { width: element.offsetWidth, height: element.offsetHeight };
  const left = Math.min(Math.max(8, at.x - frame.left - host.clientLeft), host.clientWidth - box.width - 8);
  let top = at.y - frame.top - host.clientTop;
  if (top + box.height > host.clientHeight - 8) top = Math.max(8, (at.above ?? at.y) - frame.top - host.clientTop - box.height);
  element.style.left = `${Math.max(8, left)}px`;
  element.style.top = `${top}px`;
}

/**
 * Open a menu in `host` (a positioned phone) near the page point `at` {x, y, above}.
 * items: {icon, label, action, danger}; `top` is a row of elements (role menuitem) above them.
 */
export function openMenu({ host, at, items, top = [], label, before = document.activeElement }) {
  closeMenu(false);
  const rows = items.map((item) =>
    button({ class: `menu-item${item.danger ? " danger" : ""}`, role: "menuitem", tabindex: "-1", on: { click: () => { closeMenu(); item.action(); } } }, icon(item.icon), h("span", {}, item.label)));
  const element = h("div", { class: "menu", role: "menu", "aria-label": label }, top.length ? h("div", { class: "menu-top", role: "presentation" }, top) : null, rows);
  const all = [...top, ...rows];
  element.addEventListener("keydown", (event) => {
    const index = all.indexOf(document.activeElement);
    const inTop = index < top.length && index >= 0;
    const step = { ArrowDown: inTop ? top.length - index : 1, ArrowUp: -1, ArrowRight: inTop ? 1 : 0, ArrowLeft: inTop ? -1 : 0 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      all.at((index + step + all.length) % all.length).focus();
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      all.at(event.key === "Home" ? 0 : -1).focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      closeMenu();
    }
  });
  host.append(element);
  place(element, host, at);
  const outside = (event) => !element.contains(event.target) && closeMenu(false);
  document.addEventListener("pointerdown", outside, true);
  before?.setAttribute?.("aria-expanded", "true");
  open = { element, before, outside };
  (rows[0] ?? all[0])?.focus();
}
