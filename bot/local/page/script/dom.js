// Building elements. Data reaches the page only through text nodes and attributes set here, never through HTML strings.

/**
 * An element: `class`, `on` ({event: listener}), `style` ({property: value}), `dataset`; other keys become attributes
 * (true: present, false/null/undefined: absent). Children: nodes, strings, or nothing.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "style") for (const [key, item] of Object.entries(value)) element.style.setProperty(key, item);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A button with `type=button`, so that it never sends a form by accident. */
export function button(props, ...children) {
  return h("button", { type: "button", ...props }, ...children);
}

/** Text for screen readers only. */
export function hidden(text) {
  return h("span", { class: "visually-hidden" }, text);
}

let counter = 0;

/** A page-wide unique id for aria relations. */
export function uid(prefix = "id") {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** `url` if it may be opened from a message (web, mail, phone, Telegram), else null: no javascript:, no data:. */
export function safeLink(url) {
  let parsed;
  try {
    parsed = new URL(/^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `https://${url}`);
  } catch {
    return null;
  }
  return ["http:", "https:", "mailto:", "tel:", "tg:"].includes(parsed.protocol) ? parsed.href : null;
}

/** Whether the page has room for one phone only. */
export const narrow = window.matchMedia("(max-width: 700px)");
export const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

/** localStorage that never throws. */
export const storage = {
  get(key, fallback = null) {
    try {
      return localStorage.getItem(`inyeon.${key}`) ?? fallback;
    } catch {
      return fallback;
    }
  },
  set(key, value) {
    try {
      if (value === null || value === "") localStorage.removeItem(`inyeon.${key}`);
      else localStorage.setItem(`inyeon.${key}`, value);
    } catch {
      // Storage is full or blocked: what is kept there is a comfort only.
    }
  },
};
