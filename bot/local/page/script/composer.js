// The bar in which a person writes: text, commands, files, stickers, voice; reply and edit; reply keyboards; START.
import { api } from "./api.js";
import { attachMenu, confirmContact, paste, sendFiles, sendLocation } from "./attachments.js";
import { toast } from "./dialogs.js";
import { button, calm, h, narrow } from "./dom.js";
import { icon } from "./icons.js";
import { replyKeyboard } from "./keyboards.js";
import { parseMarks, withMarks } from "./marks.js";
import { summary } from "./media.js";
import { voiceBar } from "./recorder.js";
import { stickerPanel } from "./stickers.js";
import { Suggestions } from "./suggestions.js";
import { t } from "./words.js";

const TALLEST = 148;

/** A message's words as they were typed. */
function marked(message) {
  return withMarks(message.text ?? message.caption ?? "", message.entities ?? message.caption_entities);
}

export class Composer {
  constructor(context) {
    this.context = context;
    this.target = null;
    this.editing = null;
    this.panel = null;
    this.keyboard = null;
    this.keysOpen = true;
    this.build();
  }

  build() {
    const { store, user } = this.context;
    this.field = h("textarea", { class: "message-field", rows: "1", maxlength: "4096", placeholder: t("messagePlaceholder"), "aria-label": t("message"), role: "combobox", "aria-expanded": "false", "aria-haspopup": "listbox", enterkeyhint: "send", autocomplete: "off", dir: "auto" });
    this.field.value = store.chat(user).draft;
    this.suggestions = new Suggestions(this.field, () => this.commands(), (text) => this.sendText(text));
    const tool = (name, label, act, extra = {}) => button({ class: "tool-button", "aria-label": t(label), title: t(label), on: { click: act }, ...extra }, icon(name));
    this.slash = tool("slash", "commands", () => this.showCommands());
    this.keysButton = tool("keyboard", "hideKeyboard", () => this.toggleKeys(), { hidden: true });
    this.clip = tool("clip", "attach", (event) => attachMenu(this, event.currentTarget), { "aria-haspopup": "menu", "aria-expanded": "false" });
    this.smile = tool("smile", "stickers", () => this.togglePanel(), { "aria-expanded": "false" });
    this.go = button({ class: "send-button", on: { click: () => this.primary() } });
    this.quoteBox = h("div", { class: "composing", hidden: true });
    this.keys = h("div", { class: "keys-box", hidden: true });
    this.panelBox = h("div", { class: "panel-box", hidden: true });
    this.bar = h("div", { class: "bar" }, this.slash, h("div", { class: "field-box" }, this.field, this.keysButton, this.smile), this.clip, this.go);
    this.begin = button({ class: "filled begin", on: { click: () => (this.blockedNow ? this.unblock() : this.sendText("/start")) } }, t("start"));
    this.element = h("div", { class: "composer" }, this.suggestions.element, this.quoteBox, this.bar, this.begin, this.keys, this.panelBox);
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("paste", (event) => paste(this, event));
    this.field.addEventListener("blur", () => window.setTimeout(() => document.activeElement !== this.field && this.suggestions.close(), 120));
    this.grow();
    this.face();
  }

  destroy() {
    this.stopRecording?.();
  }

  commands() {
    const { store, user } = this.context;
    return store.person(user)?.commands ?? [];
  }

  focus() {
    if (!this.begin.hidden) this.begin.focus({ preventScroll: true });
    else this.field.focus({ preventScroll: true });
  }

  /** Which of the faces: START, unblock, or the writing bar; and the reply keyboard. */
  draw({ begin, blocked, keyboard, unblock }) {
    const locked = begin || blocked;
    const hadFocus = document.activeElement === this.begin;
    this.bar.hidden = locked;
    this.begin.hidden = !locked;
    this.begin.textContent = t(blocked ? "unblockBot" : "start");
    this.unblock = unblock;
    this.begin.classList.toggle("muted", blocked);
    this.blockedNow = blocked;
    if (hadFocus && !locked) this.field.focus({ preventScroll: true });
    this.setKeyboard(locked ? null : keyboard);
  }

  setKeyboard(markup) {
    const signature = JSON.stringify(markup ?? null);
    if (signature === this.keySignature) return;
    this.keySignature = signature;
    this.keyboard = markup?.keyboard?.length ? markup : null;
    this.keysOpen = true;
    this.field.placeholder = markup?.input_field_placeholder || t("messagePlaceholder");
    if (markup?.force_reply) {
      const last = this.context.store.chat(this.context.user).sorted().filter((message) => !message.out).at(-1);
      if (last) this.reply(last);
    }
    this.drawKeys();
  }

  toggleKeys() {
    this.keysOpen = !this.keysOpen;
    this.drawKeys();
  }

  drawKeys() {
    const shown = Boolean(this.keyboard && this.keysOpen);
    this.keys.hidden = !shown;
    this.keysButton.hidden = !this.keyboard;
    this.keysButton.setAttribute("aria-label", t(shown ? "hideKeyboard" : "showKeyboard"));
    this.keysButton.setAttribute("aria-expanded", String(shown));
    const had = this.keys.contains(document.activeElement);
    this.keys.replaceChildren(...(shown ? [replyKeyboard(this.keyboard, {
      text: (words) => this.context.send({ kind: "text", text: words }),
      location: () => sendLocation(this),
      contact: () => confirmContact(this),
      used: () => { this.keysOpen = false; this.drawKeys(); },
    })] : []));
    if (had) this.focus();
  }

  typed() {
    this.context.store.setDraft(this.context.user, this.editing ? this.beforeEdit : this.field.value);
    this.suggestions.update();
    this.grow();
    this.face();
  }

  grow() {
    this.field.style.height = "auto";
    if (this.field.value) this.field.style.height = `${Math.min(TALLEST, this.field.scrollHeight)}px`;
  }

  /** The round button: send, save, or record. */
  face() {
    const name = this.editing ? "save" : this.field.value.trim() ? "send" : "record";
    if (name === this.faceName) return;
    this.faceName = name;
    this.go.replaceChildren(icon({ save: "check", send: "send", record: "mic" }[name]));
    this.go.setAttribute("aria-label", t(name));
    this.go.title = t(name);
  }

  primary() {
    if (this.faceName === "record") this.recordVoice();
    else this.submit();
  }

  key(event) {
    if (this.suggestions.key(event)) {
      this.grow();
      this.face();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && (this.target || this.editing || this.panel)) {
      event.stopPropagation();
      if (this.panel) this.togglePanel();
      else this.release();
    } else if (event.key === "ArrowUp" && !this.field.value && !this.editing) {
      const last = this.context.lastOwn();
      if (last) {
        event.preventDefault();
        this.edit(last);
      }
    }
  }

  submit() {
    const text = this.field.value.trim();
    // A caption may go altogether, a text may not.
    if (!text && this.editing?.text !== undefined) return;
    if (!text && !this.editing) return;
    if (this.editing) {
      this.saveEdit(text);
      return;
    }
    this.sendText(text);
  }

  /** What answering adds to whatever is sent. */
  answering() {
    return { replyTo: this.target?.message_id, quote: this.quoted || undefined };
  }

  sendText(source) {
    if (this.blockedNow) return;
    const { text, entities } = parseMarks(source);
    this.context.send({ kind: "text", text, ...(entities.length ? { entities } : {}), ...this.answering() });
    this.setText("");
    this.release();
  }

  setText(text) {
    this.field.value = text;
    this.context.store.setDraft(this.context.user, text);
    this.grow();
    this.face();
    this.suggestions.close();
  }

  async saveEdit(source) {
    const message = this.editing;
    this.release();
    if (source === marked(message)) return;
    const { store, user, toasts } = this.context;
    const { text, entities } = parseMarks(source);
    try {
      await api.edit(user, message.message_id, text, entities);
    } catch (error) {
      toast(t("actionFailed", { reason: error.message }), toasts());
      this.edit(store.chat(user).messages.get(message.message_id) ?? message);
      this.field.value = source;
    }
  }

  /** Answer `message`, or with `quote` a part of it. */
  reply(message, quote = "") {
    if (this.editing) this.release();
    this.target = message;
    this.quoted = quote;
    this.drawQuote("reply", t("replyTo", { name: message.out ? this.context.name() : t("byBot") }), quote ? `“${quote}”` : summary(message), "cancelReply");
  }

  edit(message) {
    this.release();
    this.beforeEdit = this.field.value;
    this.editing = message;
    this.field.value = marked(message);
    this.drawQuote("edit", t(message.text === undefined ? "editingCaption" : "editing"), summary(message), "cancelEdit");
    this.grow();
    this.face();
  }

  drawQuote(sign, title, words, cancel) {
    this.quoteBox.hidden = false;
    this.quoteBox.replaceChildren(icon(sign), h("div", { class: "composing-text" }, h("strong", {}, title), h("span", {}, words)),
      button({ class: "tool-button", "aria-label": t(cancel), title: t(cancel), on: { click: () => this.release() } }, icon("close")));
    this.field.focus({ preventScroll: true });
  }

  /** End replying or editing. */
  release() {
    const had = this.quoteBox.contains(document.activeElement);
    if (this.editing) {
      this.editing = null;
      this.setText(this.beforeEdit ?? "");
    }
    this.target = null;
    this.quoted = "";
    this.quoteBox.hidden = true;
    this.quoteBox.replaceChildren();
    this.face();
    if (had) this.focus();
  }

  showCommands() {
    this.field.focus();
    this.setText(this.suggestions.open ? "" : "/");
    if (this.field.value) this.suggestions.update();
  }

  files(files) {
    sendFiles(this, files);
  }

  /** Send something without a file. */
  card(kind, body) {
    this.context.send({ kind, body, ...this.answering() });
    this.release();
  }

  togglePanel() {
    this.panel = this.panel ? null : stickerPanel((content) => this.context.send({ ...content, ...this.answering() }));
    this.panelBox.hidden = !this.panel;
    this.panelBox.replaceChildren(...(this.panel ? [this.panel] : []));
    this.smile.setAttribute("aria-expanded", String(Boolean(this.panel)));
    if (this.panel) this.panel.firstChild.focus();
    else this.focus();
  }

  async recordVoice() {
    const bar = await voiceBar(this.context.toasts(), (content) => {
      bar.replaceWith(this.bar);
      this.stopRecording = null;
      if (content) this.context.send({ ...content, ...this.answering() });
      this.release();
      if (!narrow.matches) this.focus();
    });
    if (!bar) return;
    this.stopRecording = () => bar.querySelector(".tool-button").click();
    this.bar.replaceWith(bar);
    bar.classList.toggle("calm", calm.matches);
    bar.querySelector(".send-button").focus();
  }
}
