// The list of messages of one chat: keyed rows that are rebuilt only where something changed, day marks, scrolling, unread.
import { albumRow, inGrid, messageRow, pendingRow } from "./bubble.js";
import { button, calm, h } from "./dom.js";
import { day, dayKey } from "./format.js";
import { icon } from "./icons.js";
import { language, t } from "./words.js";

const STEP = 120;
const NEAR = 60;

export class Log {
  constructor(context) {
    this.context = context;
    this.rows = new Map();
    this.shown = STEP;
    this.stick = true;
    this.top = 0;
    this.height = 0;
    this.last = null;
    this.list = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": t("messages", { name: context.name() }) });
    this.scroller = h("div", { class: "scroller" }, this.list);
    this.badge = h("span", { class: "badge", hidden: true });
    this.bottom = button({ class: "to-bottom", hidden: true, "aria-label": t("toBottom"), on: { click: () => this.toBottom(true) } }, icon("down"), this.badge);
    this.element = h("div", { class: "log-frame" }, this.scroller, this.bottom);
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("focusin", (event) => this.rove(event.target.closest(".row")));
    this.list.addEventListener("load", () => this.stick && this.toBottom(), true);
    this.resize = new ResizeObserver(() => this.stick && this.toBottom());
    this.resize.observe(this.scroller);
    this.resize.observe(this.list);
  }

  destroy() {
    this.resize.disconnect();
  }

  atBottom() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR;
  }

  toBottom(smooth = false) {
    this.stick = true;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth && !calm.matches ? "smooth" : "instant" });
  }

  scrolled() {
    // What grows or shrinks by itself (a picture that arrived, buttons that went) scrolls too: only going up lets go of the bottom.
    const { scrollTop, scrollHeight } = this.scroller;
    const up = scrollTop < this.top - 2 && scrollHeight >= this.height;
    this.top = scrollTop;
    this.height = scrollHeight;
    this.stick = this.atBottom() || (this.stick && !up);
    if (this.scroller.scrollTop < 40 && this.more) this.earlier();
    this.look();
  }

  /** Count as seen what is in view, and show how much is below. */
  look() {
    const { store, user } = this.context;
    if (this.stick && document.visibilityState === "visible") store.markSeen(user);
    const unread = store.chat(user).unread();
    this.bottom.hidden = this.stick;
    this.badge.hidden = unread === 0;
    this.badge.textContent = String(unread);
    this.bottom.setAttribute("aria-label", unread ? `${t("toBottom")}, ${t("unread", { count: unread })}` : t("toBottom"));
  }

  earlier() {
    const height = this.scroller.scrollHeight;
    this.shown += STEP;
    this.draw();
    this.scroller.scrollTop += this.scroller.scrollHeight - height;
  }

  /** Bring what the store knows onto the page. */
  draw() {
    const { store, outbox, user } = this.context;
    const chat = store.chat(user);
    const all = chat.sorted();
    const messages = all.slice(-this.shown);
    this.more = all.length > messages.length;
    const waiting = outbox.of(user);
    const wanted = [];
    this.keys = new Map();
    if (this.more) wanted.push(this.keyed("earlier", "", () => h("div", { class: "day" }, button({ class: "text-button", on: { click: () => this.earlier() } }, t("earlier")))));
    messages.forEach((message, index) => {
      const before = messages[index - 1];
      const after = messages[index + 1];
      const key = dayKey(message.date);
      const newDay = !before || dayKey(before.date) !== key;
      if (newDay) wanted.push(this.keyed(`day-${key}`, day(message.date), () => h("div", { class: "day", role: "separator", "aria-label": day(message.date) }, h("span", {}, day(message.date)))));
      const joins = (other) => other && other.out === message.out && dayKey(other.date) === key && Math.abs(other.date - message.date) < 600;
      const place = { first: !joins(before), last: !joins(after) && !(index === messages.length - 1 && message.out && waiting.length) };
      if (inGrid(message) && inGrid(before ?? {}) && before.media_group_id === message.media_group_id && !newDay) return;
      const album = this.album(messages, index);
      if (album.length > 1) {
        for (const one of album) this.keys.set(one.message_id, `m-${message.message_id}`);
        const end = messages[index + album.length];
        place.last = !joins(end);
        wanted.push(this.keyed(`m-${message.message_id}`, JSON.stringify([album, place, language()]), () => albumRow(this.context, album, place)));
        return;
      }
      const replied = message.reply_to_message ? chat.messages.get(message.reply_to_message.message_id) : null;
      wanted.push(this.keyed(`m-${message.message_id}`, JSON.stringify([message, place, language(), replied?.edit_date]), () => messageRow(this.context, message, place)));
    });
    for (const item of waiting) {
      wanted.push(this.keyed(`p-${item.key}`, `${item.state}${item.error ?? ""}${store.connected}`, () => pendingRow(this.context, item, store.connected)));
    }
    this.arrange(wanted);
    const newest = all.at(-1);
    const mine = newest?.out && newest.message_id !== this.last;
    if (this.stick || waiting.some((item) => !this.sentKeys?.has(item.key)) || mine) this.toBottom();
    this.sentKeys = new Set(waiting.map((item) => item.key));
    this.last = newest?.message_id ?? null;
    this.look();
  }

  /** The pictures of the album that begins at `index`. */
  album(messages, index) {
    if (!inGrid(messages[index])) return [];
    let end = index;
    while (messages[end] && inGrid(messages[end]) && messages[end].media_group_id === messages[index].media_group_id && dayKey(messages[end].date) === dayKey(messages[index].date)) end += 1;
    return messages.slice(index, end);
  }

  /** The key of the row that shows a message. */
  keyOf(id) {
    return this.keys?.get(id) ?? `m-${id}`;
  }

  keyed(key, signature, make) {
    const known = this.rows.get(key);
    if (known?.signature === signature) return { key, ...known };
    return { key, signature, element: make(), old: known?.element };
  }

  arrange(wanted) {
    const keys = new Set(wanted.map((row) => row.key));
    for (const [key, { element }] of this.rows) {
      if (!keys.has(key)) {
        if (element.contains(document.activeElement)) this.context.focus();
        element.remove();
        this.rows.delete(key);
      }
    }
    let cursor = this.list.firstChild;
    for (const { key, signature, element, old } of wanted) {
      const focused = old?.contains(document.activeElement) ? document.activeElement : null;
      if (old) {
        if (cursor === old) cursor = old.nextSibling;
        old.replaceWith(element);
        if (focused) this.refocus(element, focused, old);
      }
      if (element.parentNode !== this.list || (element !== cursor && element.nextSibling !== cursor)) this.list.insertBefore(element, cursor);
      else if (element === cursor) cursor = cursor.nextSibling;
      if (!old && this.drawn && !this.rows.has(key)) element.classList.add("new");
      this.rows.set(key, { signature, element });
    }
    this.drawn = true;
    this.rove(this.list.querySelector(".row[tabindex='0']") ?? [...this.list.querySelectorAll(".row")].at(-1));
  }

  /** A row was rebuilt while something in it had the focus: give it to the same thing, else to the row itself. */
  refocus(element, focused, old) {
    const name = focused.dataset?.focus;
    const same = name ? element.querySelector(`[data-focus="${CSS.escape(name)}"]`) : null;
    if (focused === old || !same) {
      element.tabIndex = 0;
      (element.querySelector(".keys button, .keys a") ?? element).focus({ preventScroll: true });
    } else same.focus({ preventScroll: true });
  }

  rove(row) {
    if (!row) return;
    for (const other of this.list.querySelectorAll(".row[tabindex='0']")) other.tabIndex = -1;
    row.tabIndex = 0;
  }

  key(event) {
    const row = event.target.closest(".row");
    if (!row || event.target !== row) {
      if (event.key === "Escape" && row) {
        event.stopPropagation();
        row.focus();
      }
      return;
    }
    const rows = [...this.list.querySelectorAll(".row")];
    const index = rows.indexOf(row);
    const next = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      rows[Math.min(rows.length - 1, Math.max(0, next))].focus();
      return;
    }
    const message = this.context.find(Number(row.dataset.id));
    if (!message) return;
    if (event.key === "Enter" || event.key === " " || event.key === "ContextMenu") {
      event.preventDefault();
      const box = row.querySelector(".bubble").getBoundingClientRect();
      this.context.menu(message, { x: box.left + 12, y: box.bottom - 8, above: box.top }, row);
    } else if (event.key === "r" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.context.reply(message);
    }
  }

  /** Scroll to a message and light it up for a moment. */
  jump(id) {
    const chat = this.context.store.chat(this.context.user);
    if (!this.rows.has(this.keyOf(id)) && chat.messages.has(id)) {
      this.shown = chat.messages.size;
      this.draw();
    }
    const row = this.rows.get(this.keyOf(id))?.element;
    if (!row) return;
    this.stick = false;
    row.scrollIntoView({ block: "center", behavior: calm.matches ? "instant" : "smooth" });
    row.classList.add("lit");
    window.setTimeout(() => row.classList.remove("lit"), 1600);
    row.focus({ preventScroll: true });
  }

  /** The inline buttons of a message that are on the page now. */
  keysOf(id) {
    return this.rows.get(this.keyOf(id))?.element.querySelectorAll(".key") ?? [];
  }
}
