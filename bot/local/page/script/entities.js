// Text with Telegram's entities → DOM. Offsets are UTF-16 units, as in JavaScript strings.
import { h, safeLink } from "./dom.js";
import { t } from "./words.js";

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", blockquote: "blockquote", expandable_blockquote: "blockquote" };

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

function link(address, content, className = "") {
  const href = safeLink(address);
  if (!href) return h("span", {}, content);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow", class: className }, content);
}

function spoiler(content) {
  const inner = h("span", { class: "spoiler-text", "aria-hidden": "true" }, content);
  const cover = h("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": t("spoiler") }, inner);
  const reveal = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (cover.classList.contains("open")) return;
    event.preventDefault();
    event.stopPropagation();
    cover.classList.add("open");
    inner.removeAttribute("aria-hidden");
    for (const name of ["role", "tabindex", "aria-label"]) cover.removeAttribute(name);
  };
  cover.addEventListener("click", reveal);
  cover.addEventListener("keydown", reveal);
  return cover;
}

function wrap(entity, raw, content, actions) {
  switch (entity.type) {
    case "spoiler":
      return spoiler(content);
    case "pre":
      return h("pre", { dataset: { language: entity.language ?? "" }, tabindex: "0" }, h("code", {}, content));
    case "text_link":
      return link(entity.url ?? "", content);
    case "url":
      return link(raw, content);
    case "email":
      return link(`mailto:${raw}`, content);
    case "phone_number":
      return link(`tel:${raw.replace(/[^+\d]/g, "")}`, content);
    case "bot_command":
      return h("button", { type: "button", class: "linklike", on: { click: () => actions.command?.(raw) } }, content);
    case "mention":
    case "text_mention":
    case "hashtag":
    case "cashtag":
      return h("span", { class: "tag" }, content);
    default:
      return TAGS[entity.type] ? h(TAGS[entity.type], {}, content) : content;
  }
}

function build(text, entities, start, end, actions) {
  const nodes = [];
  let position = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const from = Math.max(entity.offset, position);
    const to = Math.min(entity.offset + entity.length, end);
    index += 1;
    if (from >= to) continue;
    if (from > position) nodes.push(text.slice(position, from));
    const inside = [];
    while (index < entities.length && entities[index].offset < to) {
      inside.push(entities[index]);
      index += 1;
    }
    // A block stands on lines of its own: the line breaks beside it would show as empty lines.
    const block = BLOCKS.has(entity.type);
    if (block && typeof nodes.at(-1) === "string") nodes.push(nodes.pop().replace(/\n$/, ""));
    nodes.push(wrap(entity, text.slice(from, to), build(text, inside, from, to, actions), actions));
    position = block && text[to] === "\n" && to < end ? to + 1 : to;
  }
  if (position < end) nodes.push(text.slice(position, end));
  return nodes;
}

/** Nodes for `text`; `actions.command(text)` is called when a command in it is pressed. */
export function rich(text, entities = [], actions = {}) {
  const ordered = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return build(text, ordered, 0, text.length, actions);
}
