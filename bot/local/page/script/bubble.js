// One message → one row of the chat.
import { button, h, hidden, narrow } from "./dom.js";
import { rich } from "./entities.js";
import { clock, moment } from "./format.js";
import { icon, ticks } from "./icons.js";
import { inlineKeyboard } from "./keyboards.js";
import { kindOf, localMedia, media, summary } from "./media.js";
import { t } from "./words.js";

const BARE = new Set(["sticker", "video_note", "dice"]);
const TILES = ["photo", "video"];
const LARGE_EMOJI = /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F?|\u200D|[\u{1F3FB}-\u{1F3FF}]){1,8}$/u;

function author(context, out) {
  return out ? t("byYou", { name: context.name() }) : t("byBot");
}

function quote(context, message) {
  const original = message.reply_to_message;
  if (!original && !message.external_reply) return null;
  const known = original ? (context.find(original.message_id) ?? original) : null;
  const fromPerson = known ? (known.out ?? !known.from?.is_bot) : false;
  return button({ class: "quote", dataset: { focus: "quote" }, on: { click: () => known && context.jump(known.message_id) } },
    hidden(t("replyTo", { name: "" })),
    h("strong", {}, author(context, fromPerson)),
    h("span", {}, message.quote?.text ?? (known ? summary(known) : t("deleted"))));
}

/** Whom a forwarded message is from, and through which bot it was made. */
function origin(message) {
  const from = message.forward_origin;
  const lines = [];
  if (from) {
    const user = from.sender_user;
    const name = user ? [user.first_name, user.last_name].filter(Boolean).join(" ") : (from.sender_user_name ?? (from.chat ?? from.sender_chat)?.title ?? "");
    lines.push(h("div", { class: "origin" }, icon("forward"), h("span", {}, t("forwardedFrom", { name }))));
  }
  if (message.via_bot) lines.push(h("div", { class: "origin" }, h("span", {}, t("viaBot", { name: message.via_bot.username }))));
  return lines;
}

function meta(message) {
  const parts = [];
  if (message.has_protected_content) parts.push(h("span", { class: "guard", title: t("guarded") }, icon("lock"), hidden(t("guarded"))));
  // A live location that moves is not an edit to its reader.
  if (message.edit_date && !message.location) parts.push(h("span", {}, t("edited")));
  parts.push(h("time", { datetime: new Date(message.date * 1000).toISOString(), title: moment(message.date) }, clock(message.date)));
  if (message.out) parts.push(ticks(message.status === "read"), hidden(t(message.status === "read" ? "read" : "sent")));
  return h("span", { class: "meta" }, parts);
}

function reactions(context, message) {
  const list = message.reactions ?? [];
  if (!list.length) return null;
  const counts = new Map();
  for (const { emoji, from } of list) {
    const entry = counts.get(emoji) ?? { count: 0, mine: false };
    counts.set(emoji, { count: entry.count + 1, mine: entry.mine || from === "person" });
  }
  return h("div", { class: "reactions" }, [...counts].map(([emoji, { count, mine }]) =>
    button({ class: `reaction${mine ? " mine" : ""}`, "aria-pressed": String(mine), "aria-label": t("reacted", { emoji, count }), dataset: { focus: `reaction-${emoji}` }, on: { click: () => context.react(message, mine ? null : emoji) } },
      h("span", {}, emoji.startsWith("custom:") ? "✨" : emoji), count > 1 ? h("span", { class: "count" }, String(count)) : null)));
}

/** Drag to the left (touch) to reply, as in messengers people know. */
function swipe(row, context, message) {
  let start = null;
  row.addEventListener("pointerdown", (event) => {
    start = event.pointerType === "mouse" ? null : { x: event.clientX, y: event.clientY, id: event.pointerId, active: false };
  });
  row.addEventListener("pointermove", (event) => {
    if (!start || event.pointerId !== start.id) return;
    const dx = event.clientX - start.x;
    if (!start.active && Math.abs(event.clientY - start.y) > 12) start = null;
    else if (dx < -12) {
      start.active = true;
      row.style.setProperty("--pull", `${Math.max(-64, dx)}px`);
      row.classList.toggle("pulled", dx < -48);
    }
  });
  const end = (event) => {
    if (!start || event.pointerId !== start.id) return;
    const far = event.type === "pointerup" && row.classList.contains("pulled");
    start = null;
    row.style.removeProperty("--pull");
    row.classList.remove("pulled");
    if (far) context.reply(message);
  };
  row.addEventListener("pointerup", end);
  row.addEventListener("pointercancel", end);
}

/** A press on the row's empty side opens nothing; right button, long press, Enter and the hover buttons do. */
function listen(row, context, message) {
  row.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, textarea") || String(window.getSelection())) return;
    event.preventDefault();
    context.menu(message, { x: event.clientX, y: event.clientY }, row);
  });
  row.addEventListener("dblclick", (event) => {
    if (!event.target.closest("button, a, video, input, pre")) context.reply(message);
  });
  swipe(row, context, message);
}

/** The row of a message. `place`: {first, last} of a run by one side. */
export function messageRow(context, message, place) {
  const kind = kindOf(message);
  const bare = BARE.has(kind);
  const words = message.text ?? message.caption ?? "";
  const entities = message.entities ?? message.caption_entities ?? [];
  const large = kind === "text" && !entities.length && words.length <= 24 && LARGE_EMOJI.test(words.replace(/\s/g, ""));
  const content = media(message, context);
  const text = words ? h("div", { class: "words", dir: "auto" }, rich(words, entities, { command: context.command })) : null;
  const above = message.show_caption_above_media;
  const visual = content && ["photo", "video", "animation"].includes(kind);
  const classes = ["bubble", bare || large ? "bare" : "", large ? "large" : "", visual ? "visual" : "", visual && !words ? "uncaptioned" : "", `kind-${kind}`, message.has_protected_content ? "guarded" : ""];
  const who = `${author(context, message.out)}, ${clock(message.date)}`;
  const bubble = h("div", { class: classes.filter(Boolean).join(" ") }, origin(message), quote(context, message), above ? [text, content] : [content, text], message.reactions?.length ? [text && !above ? h("br") : null, reactions(context, message)] : null, meta(message));
  return frame(context, message, place, bubble, who);
}

/** The row around a bubble: tools beside it, buttons below, gestures. */
function frame(context, message, place, bubble, who) {
  let quote = "";
  const tools = h("div", { class: "row-tools" },
    button({ class: "tool", tabindex: "-1", "aria-label": t("reply"), title: t("reply"), on: { click: () => context.reply(message) } }, icon("reply")),
    button({ class: "tool", tabindex: "-1", "aria-label": t("messageMenu"), "aria-haspopup": "menu", title: t("messageMenu"), on: { pointerdown: () => { quote = selected(row); }, click: (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      context.menu(message, { x: box.left, y: box.bottom + 4, above: box.top - 4 }, event.currentTarget, quote || selected(row));
      quote = "";
    } } }, icon("more")));
  const row = h("div", { class: `row ${message.out ? "out" : "in"}${place.first ? " first" : ""}${place.last ? " last" : ""}`, role: "article", tabindex: "-1", "aria-label": who, dataset: { id: message.message_id } },
    h("div", { class: "stack" }, h("div", { class: "line" }, bubble, narrow.matches ? null : tools), inlineKeyboard(context, message)),
    h("span", { class: "swipe-sign", "aria-hidden": "true" }, icon("reply")));
  listen(row, context, message);
  return row;
}

/** The part of a message's words that is selected. */
function selected(row) {
  const selection = window.getSelection();
  const words = row.querySelector(".words");
  return words && selection?.rangeCount && words.contains(selection.anchorNode) && words.contains(selection.focusNode) ? String(selection).trim().slice(0, 1024) : "";
}

/** Whether a message belongs into the grid of its album; documents and sounds stand one below the other. */
export function inGrid(message) {
  return Boolean(message.media_group_id) && TILES.includes(kindOf(message));
}

/** The row of an album's pictures: each of them is a message with a menu of its own. */
export function albumRow(context, messages, place) {
  const [head] = messages;
  const captioned = messages.find((message) => message.caption);
  const tiles = messages.map((message, index) => {
    const tile = h("div", { class: "tile", dataset: { id: message.message_id, focus: `tile-${index}` } }, media(message, context), reactions(context, message));
    tile.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      event.stopPropagation();
      context.menu(message, { x: event.clientX, y: event.clientY }, tile.querySelector("button, video"));
    });
    return tile;
  });
  const words = captioned ? h("div", { class: "words", dir: "auto" }, rich(captioned.caption, captioned.caption_entities ?? [], { command: context.command })) : null;
  const newest = messages.at(-1);
  const edited = messages.find((message) => message.edit_date);
  const classes = `bubble visual album${words ? "" : " uncaptioned"}${head.has_protected_content ? " guarded" : ""}`;
  const bubble = h("div", { class: classes }, origin(head), quote(context, head),
    h("div", { class: `grid of-${Math.min(messages.length, 4)}`, role: "group", "aria-label": t("albumOf", { count: messages.length }) }, tiles), words, meta({ ...newest, edit_date: edited?.edit_date }));
  return frame(context, captioned ?? head, place, bubble, `${author(context, head.out)}, ${t("albumOf", { count: messages.length })}, ${clock(head.date)}`);
}

/** The row of something not delivered yet. */
export function pendingRow(context, item, connected) {
  const failed = item.state === "failed";
  const label = failed ? `${t("failed")}${item.error ? `: ${item.error}` : ""}` : t(connected ? "sending" : "waiting");
  const bubble = h("div", { class: `bubble${item.kind === "photo" ? " visual" : ""}${item.kind === "sticker" ? " bare" : ""}` },
    localMedia(item), item.text ? h("div", { class: "words", dir: "auto" }, item.text) : null,
    h("span", { class: "meta" }, h("time", {}, clock(item.date)), icon(failed ? "alert" : "clock", failed ? "bad" : ""), hidden(label)));
  const actions = failed
    ? h("div", { class: "failed", role: "alert" }, h("span", {}, label),
        button({ class: "text-button", on: { click: () => context.outbox.retry(item) } }, icon("retry"), t("retry")),
        button({ class: "text-button", on: { click: () => context.outbox.drop(item) } }, icon("trash"), t("discard")))
    : null;
  return h("div", { class: `row out last pending ${item.state}`, role: "article", tabindex: "-1", "aria-label": `${author(context, true)}, ${label}` }, h("div", { class: "stack" }, h("div", { class: "line" }, bubble), actions));
}
