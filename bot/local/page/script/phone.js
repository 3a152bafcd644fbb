// One phone: head, messages, composer, for one person at a time.
import { api, fileUrl } from "./api.js";
import { acceptDrops, chooseFiles, kindFor } from "./attach.js";
import { liveLeft } from "./cards.js";
import { Composer } from "./composer.js";
import { alertBox, toast } from "./dialogs.js";
import { button, h } from "./dom.js";
import { icon } from "./icons.js";
import { pickLocation } from "./location.js";
import { Log } from "./log.js";
import { fileOf } from "./media.js";
import { closeMenu, openMenu } from "./menu.js";
import { nameOf, switcher } from "./people.js";
import { t } from "./words.js";

const EMOJI = ["❤", "👍", "🤣", "🔥", "🎉", "😢"];
// Words for what the bot says that it is doing (sendChatAction).
const ACTIONS = {
  upload_photo: "sendingPhoto", upload_video: "sendingVideo", record_video: "sendingVideo", upload_document: "sendingFile",
  record_voice: "recordingVoice", upload_voice: "recordingVoice", record_video_note: "sendingRound", upload_video_note: "sendingRound",
  find_location: "findingLocation", choose_sticker: "choosingSticker",
};

export class Phone {
  /** `side`: "left" or "right"; `choose(user)` is called when another person is picked. */
  constructor({ store, outbox, side, user, choose, extras }) {
    Object.assign(this, { store, outbox, side, user, choose, extras });
    this.element = h("section", { class: `phone phone-${side}`, id: `phone-${side}` });
    this.listener = (event) => (event.detail === this.user ? this.schedule() : this.caption());
    store.addEventListener("chat", this.listener);
    this.refresh = () => this.head();
    store.addEventListener("people", this.refresh);
    store.addEventListener("connection", this.refresh);
    this.seen = () => this.caption();
    store.addEventListener("seen", this.seen);
    this.visible = () => this.log?.look();
    document.addEventListener("visibilitychange", this.visible);
    this.build();
  }

  destroy() {
    this.log?.destroy();
    this.composer?.destroy();
    this.store.removeEventListener("chat", this.listener);
    this.store.removeEventListener("people", this.refresh);
    this.store.removeEventListener("connection", this.refresh);
    this.store.removeEventListener("seen", this.seen);
    document.removeEventListener("visibilitychange", this.visible);
    this.element.remove();
  }

  name() {
    const person = this.store.person(this.user);
    return person ? nameOf(person) : t("you");
  }

  /** Show another person's phone. */
  show(user) {
    if (user === this.user) return;
    this.user = user;
    this.build();
  }

  build() {
    closeMenu(false);
    this.log?.destroy();
    this.composer?.destroy();
    const context = {
      store: this.store,
      outbox: this.outbox,
      user: this.user,
      name: () => this.name(),
      find: (id) => this.store.chat(this.user).messages.get(id) ?? null,
      jump: (id) => this.log.jump(id),
      reply: (message, quote) => this.composer.reply(message, quote),
      vote: (message, options) => this.act("vote", { message_id: message.message_id, options }),
      react: (message, emoji) => this.react(message, emoji),
      command: (text) => this.send({ kind: "text", text }),
      menu: (message, at, before, quote) => this.menu(message, at, before, quote),
      keysOf: (id) => this.log.keysOf(id),
      toasts: () => this.toasts,
      focus: () => this.composer.focus(),
      host: () => this.device,
      send: (content) => this.send(content),
      lastOwn: () => this.lastOwn(),
    };
    this.log = new Log(context);
    this.composer = new Composer(context);
    this.captionBox = h("div", { class: "caption" });
    this.headBox = h("header", { class: "chat-head" });
    this.noteBox = h("p", { class: "strip-note" }, t("localShort"));
    this.empty = h("div", { class: "empty", hidden: true },
      h("img", { src: "art/welcome.svg", alt: "", width: "168", height: "128" }),
      h("h3", {}, t("emptyTitle")), h("p", {}, t("emptyText")), h("p", { class: "hint" }, t("emptyHint")));
    this.wait = h("p", { class: "wait", role: "status" }, h("span", {}, t("loading")));
    this.toasts = h("div", { class: "toasts in-phone", role: "status", "aria-live": "polite" });
    this.device = h("div", { class: "device" }, this.headBox, this.noteBox, h("div", { class: "middle" }, this.log.element, this.empty, this.wait, this.toasts), this.composer.element);
    this.element.replaceChildren(this.captionBox, this.device);
    this.element.setAttribute("aria-label", t("phoneOf", { name: this.name() }));
    acceptDrops(this.device, (files) => this.composer.files(files));
    this.load();
    this.head();
    this.draw();
  }

  load() {
    const chat = this.store.chat(this.user);
    if (chat.loaded) return;
    this.store.loadChat(this.user).catch(() => {});
  }

  send(content) {
    this.outbox.send(this.user, content);
    this.log.toBottom();
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.draw();
      this.head();
    });
  }

  caption() {
    const role = this.side === "left" ? t("you") : t("other");
    const elsewhere = this.store.people.map((person) => (person.id === this.user ? 0 : this.store.chat(person.id).unread()));
    const state = JSON.stringify([this.store.person(this.user), elsewhere]);
    if (state === this.captionState && this.captionBox.firstChild) return;
    this.captionState = state;
    const focused = this.captionBox.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    this.captionBox.replaceChildren(
      h("span", { class: "caption-role" }, role),
      switcher({ store: this.store, user: this.user, fixed: this.side === "left" && !this.extras, choose: (user) => this.choose(user) }),
      this.extras ? this.extras() : "");
    if (focused) this.captionBox.querySelector(`[data-focus="${focused}"]`)?.focus({ preventScroll: true });
  }

  status() {
    if (!this.store.connected) return { text: t("connecting"), className: "connecting" };
    const action = this.store.chat(this.user).typing;
    if (!action) return { text: t("online"), className: "" };
    return { text: t(ACTIONS[action] ?? "typing"), className: "active" };
  }

  head() {
    const before = this.headBox.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    const { text, className } = this.status();
    const state = `${text}|${this.name()}|${this.store.person(this.user)?.blocked}`;
    if (state !== this.headState || !this.headBox.firstChild) {
      this.headState = state;
      this.headBox.replaceChildren(
        h("span", { class: "bot-mark" }, h("img", { src: "art/mark.svg", alt: "", width: "40", height: "40" })),
        h("div", { class: "head-text" }, h("h2", {}, this.store.bot.first_name ?? t("product")),
          h("p", { class: `status ${className}`, role: "status" }, text, className === "active" ? h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")) : null)),
        button({ class: "round-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": t("moreActions"), dataset: { focus: "more" }, on: { click: (event) => this.more(event.currentTarget) } }, icon("more")));
    }
    this.caption();
    if (before) this.headBox.querySelector(`[data-focus="${before}"]`)?.focus({ preventScroll: true });
  }

  more(anchor) {
    const blocked = this.store.person(this.user)?.blocked;
    const box = anchor.getBoundingClientRect();
    openMenu({
      host: this.device, before: anchor, label: t("moreActions"), at: { x: box.right - 180, y: box.bottom + 4 },
      items: [
        { icon: "slash", label: t("commands"), action: () => this.composer.showCommands() },
        { icon: "block", label: t(blocked ? "unblockBot" : "blockBot"), danger: !blocked, action: () => this.block(!blocked) },
      ],
    });
  }

  async block(blocked) {
    try {
      await api.block(this.user, blocked);
      await this.store.loadState();
      this.draw();
    } catch (error) {
      toast(t("actionFailed", { reason: error.message }), this.toasts);
    }
  }

  draw() {
    const chat = this.store.chat(this.user);
    this.log.draw();
    const bare = chat.messages.size === 0 && this.outbox.of(this.user).length === 0;
    this.wait.hidden = chat.loaded || !bare;
    this.wait.firstChild.textContent = t(chat.failed ? "loadFailed" : "loading");
    this.empty.hidden = !(chat.loaded && bare);
    this.composer.draw({ begin: chat.loaded && bare, blocked: Boolean(this.store.person(this.user)?.blocked), keyboard: chat.keyboard, unblock: () => this.block(false) });
  }

  /** What ArrowUp edits: nothing while a later message is on its way, or the one before it would be changed instead. */
  lastOwn() {
    if (this.outbox.of(this.user).some((item) => item.state !== "failed")) return null;
    return this.store.chat(this.user).sorted().filter((message) => message.out && message.text !== undefined && !message.forward_origin).at(-1) ?? null;
  }

  async react(message, emoji) {
    const before = message.reactions ?? [];
    const after = before.filter((one) => one.from !== "person").concat(emoji ? [{ from: "person", emoji }] : []);
    const chat = this.store.chat(this.user);
    const put = (reactions) => {
      const now = chat.messages.get(message.message_id);
      if (now) chat.messages.set(message.message_id, { ...now, reactions });
      this.store.emit("chat", this.user);
    };
    put(after);
    try {
      await api.reaction(this.user, message.message_id, emoji);
    } catch (error) {
      put(before);
      toast(t("actionFailed", { reason: error.message }), this.toasts);
    }
  }

  /** Do something to a message that the server may refuse. */
  async act(name, body) {
    try {
      const answer = await api.act(this.user, name, body);
      return answer ?? {};
    } catch (error) {
      toast(t("actionFailed", { reason: error.message }), this.toasts);
      return null;
    }
  }

  /** Put another file into an own message. */
  replaceFile(message) {
    const accept = message.document || message.audio ? "" : "image/*,video/*";
    chooseFiles(accept, async ([file]) => {
      const kind = message.document && !message.animation ? "document" : kindFor(file);
      try {
        await api.replace(this.user, message.message_id, { kind, file, filename: file.name, spoiler: message.has_media_spoiler });
      } catch (error) {
        toast(t("actionFailed", { reason: error.message }), this.toasts);
      }
    }, false);
  }

  moveLocation(message) {
    pickLocation(this.device, (place) => this.act("live", { message_id: message.message_id, ...place }), { title: t("liveMove") });
  }

  async remove(message) {
    if (await alertBox(t("deleteConfirm"), { ask: true, host: this.device })) await this.act("delete", { message_ids: [message.message_id] });
  }

  menu(message, at, before, quote = "") {
    const mine = (message.reactions ?? []).find((one) => one.from === "person")?.emoji;
    const top = EMOJI.map((emoji) => button({ class: "react", role: "menuitemcheckbox", tabindex: "-1", "aria-checked": String(mine === emoji), "aria-label": t("react", { emoji }), on: { click: () => { closeMenu(); this.react(message, mine === emoji ? null : emoji); } } }, emoji));
    const text = message.text ?? message.caption;
    const file = fileOf(message);
    const id = message.message_id;
    const open = !message.has_protected_content;
    const own = message.out && !message.forward_origin;
    const captioned = ["photo", "video", "animation", "document", "audio", "voice"].some((kind) => message[kind]);
    const replaceable = captioned && !message.voice;
    const live = own && liveLeft(message) > 0;
    const voted = message.poll && message.chosen?.length && !message.poll.is_closed && message.poll.type !== "quiz" && message.poll.allows_revoting !== false;
    const items = [
      { icon: "reply", label: t("reply"), action: () => this.composer.reply(message) },
      quote ? { icon: "reply", label: t("replyPart"), action: () => this.composer.reply(message, quote) } : null,
      text && open ? { icon: "copy", label: t("copy"), action: () => this.copy(text) } : null,
      own && message.text !== undefined ? { icon: "edit", label: t("edit"), action: () => this.composer.edit(message) } : null,
      own && captioned ? { icon: "edit", label: t("editCaption"), action: () => this.composer.edit(message) } : null,
      own && replaceable ? { icon: "photo", label: t("replaceFile"), action: () => this.replaceFile(message) } : null,
      live ? { icon: "pin", label: t("liveMove"), action: () => this.moveLocation(message) } : null,
      live ? { icon: "stop", label: t("liveStop"), action: () => this.act("live", { message_id: id, stop: true }) } : null,
      voted ? { icon: "retry", label: t("pollRetract"), action: () => this.act("vote", { message_id: id, options: [] }) } : null,
      own && message.poll && !message.poll.is_closed ? { icon: "stop", label: t("pollStop"), action: () => this.act("stop_poll", { message_id: id }) } : null,
      open ? { icon: "forward", label: t("forward"), action: () => this.act("forward", { message_ids: [id] }) } : null,
      file && open ? { icon: "save", label: t("saveFile"), action: () => h("a", { href: fileUrl(file), download: message.document?.file_name ?? "" }).click() } : null,
      { icon: "trash", label: t("delete"), danger: true, action: () => this.remove(message) },
    ];
    openMenu({ host: this.device, at, before, top, label: t("messageMenu"), items: items.filter(Boolean) });
  }

  copy(text) {
    navigator.clipboard?.writeText(text).then(() => toast(t("copied"), this.toasts)).catch((error) => toast(t("actionFailed", { reason: error.message }), this.toasts));
  }
}
