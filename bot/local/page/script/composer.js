// The bar in which a person writes: text, commands, files, stickers, voice; reply and edit; reply keyboards; START.
import { api } from "./api.js";
import { chooseFiles, previewFiles } from "./attach.js";
import { openCamera } from "./camera.js";
import { alertBox, toast } from "./dialogs.js";
import { button, calm, h, narrow } from "./dom.js";
import { icon } from "./icons.js";
import { replyKeyboard } from "./keyboards.js";
import { pickLocation } from "./location.js";
import { summary } from "./media.js";
import { openMenu } from "./menu.js";
import { voiceBar } from "./recorder.js";
import { stickerPanel } from "./stickers.js";
import { Suggestions } from "./suggestions.js";
import { t } from "./words.js";

const TALLEST = 148;

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
    this.clip = tool("clip", "attach", (event) => this.attachMenu(event.currentTarget), { "aria-haspopup": "menu", "aria-expanded": "false" });
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
    this.field.addEventListener("paste", (event) => this.paste(event));
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
      location: () => this.location(),
      contact: () => this.contact(),
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
    if (!text) return;
    if (this.editing) {
      this.saveEdit(text);
      return;
    }
    this.sendText(text);
  }

  sendText(text) {
    if (this.blockedNow) return;
    this.context.send({ kind: "text", text, replyTo: this.target?.message_id });
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

  async saveEdit(text) {
    const message = this.editing;
    this.release();
    if (text === message.text) return;
    const { store, user, toasts } = this.context;
    try {
      await api.edit(user, message.message_id, text);
    } catch (error) {
      toast(t("actionFailed", { reason: error.message }), toasts());
      this.edit(store.chat(user).messages.get(message.message_id) ?? message);
      this.field.value = text;
    }
  }

  reply(message) {
    if (this.editing) this.release();
    this.target = message;
    this.drawQuote("reply", t("replyTo", { name: message.out ? this.context.name() : t("byBot") }), summary(message), "cancelReply");
  }

  edit(message) {
    this.release();
    this.beforeEdit = this.field.value;
    this.editing = message;
    this.field.value = message.text ?? "";
    this.drawQuote("edit", t("editing"), message.text ?? "", "cancelEdit");
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

  attachMenu(anchor) {
    const box = anchor.getBoundingClientRect();
    const item = (name, label, action) => ({ icon: name, label: t(label), action });
    openMenu({ host: this.context.host(), before: anchor, label: t("attach"), at: { x: box.right - 190, y: box.top, above: box.top - 6 }, items: [
      item("photo", "attachPhoto", () => chooseFiles("image/*,video/*", (files) => this.files(files))),
      item("camera", "attachCamera", () => openCamera({ host: this.context.host(), photo: (file) => this.files([file]), round: (content) => this.context.send(content) })),
      item("file", "attachFile", () => chooseFiles("", (files) => this.files(files))),
      item("pin", "attachLocation", () => this.location()),
      item("person", "attachContact", () => this.contact()),
    ] });
  }

  files(files) {
    if (!this.begin.hidden) return;
    const { store, toasts } = this.context;
    const caption = this.editing ? "" : this.field.value;
    const replyTo = this.target?.message_id;
    previewFiles(files, { limits: store.limits, caption, toasts: toasts(), send: (content) => this.context.send({ ...content, replyTo }), sent: () => { this.setText(""); this.release(); }, back: () => this.focus(), host: this.context.host() });
  }

  paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.files(files);
  }

  location() {
    pickLocation(this.context.host(), (place) => this.context.send({ kind: "location", ...place }));
  }

  async contact() {
    if (await alertBox(t("contactConfirm"), { ask: true, host: this.context.host() })) this.context.send({ kind: "contact" });
  }

  togglePanel() {
    this.panel = this.panel ? null : stickerPanel((content) => this.context.send({ ...content, replyTo: this.target?.message_id }));
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
      if (content) this.context.send({ ...content, replyTo: this.target?.message_id });
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
