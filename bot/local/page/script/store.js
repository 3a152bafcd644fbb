// What the page knows: people, chats, connection. Views listen to "chat" (detail: user), "people" and "connection".
import { api } from "./api.js";
import { storage } from "./dom.js";

const TYPING_MS = 5_500;

class Chat {
  constructor(user) {
    this.user = user;
    this.messages = new Map();
    this.keyboard = null;
    this.typing = null;
    this.typingTimer = 0;
    this.loaded = false;
    this.failed = false;
    this.draft = storage.get(`draft.${user}`, "");
    this.seen = Number(storage.get(`seen.${user}`, "0"));
  }

  /** Messages by id. */
  sorted() {
    return [...this.messages.values()].sort((a, b) => a.message_id - b.message_id);
  }

  unread() {
    let count = 0;
    for (const message of this.messages.values()) if (!message.out && message.message_id > this.seen) count += 1;
    return count;
  }

  last() {
    return this.sorted().at(-1) ?? null;
  }
}

export class Store extends EventTarget {
  constructor() {
    super();
    this.bot = { first_name: "Inyeon", commands: {} };
    this.people = [];
    this.limits = {};
    this.chats = new Map();
    this.connected = false;
    this.outbox = null;
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  person(user) {
    return this.people.find((person) => person.id === user) ?? null;
  }

  put(person) {
    const index = this.people.findIndex((other) => other.id === person.id);
    if (index < 0) this.people.push(person);
    else this.people[index] = person;
  }

  chat(user) {
    if (!this.chats.has(user)) this.chats.set(user, new Chat(user));
    return this.chats.get(user);
  }

  async loadState() {
    const state = await api.state();
    this.bot = state.bot ?? this.bot;
    this.people = state.people ?? [];
    this.limits = state.limits ?? {};
    this.emit("people");
  }

  /** Fetch a chat whole; what came by events meanwhile is kept. */
  async loadChat(user) {
    const chat = this.chat(user);
    try {
      const answer = await api.chat(user);
      const fetched = new Map((answer.messages ?? []).map((message) => [message.message_id, message]));
      const newest = Math.max(0, ...fetched.keys());
      for (const [id, message] of chat.messages) if (id > newest) fetched.set(id, message);
      chat.messages = fetched;
      chat.keyboard = answer.keyboard ?? null;
      this.setTyping(chat, answer.typing ? (answer.action ?? "typing") : null);
      chat.loaded = true;
      chat.failed = false;
    } catch (error) {
      chat.failed = !chat.loaded;
      throw error;
    } finally {
      this.emit("chat", user);
    }
  }

  setConnected(connected) {
    if (this.connected === connected) return;
    this.connected = connected;
    this.emit("connection", connected);
  }

  setDraft(user, text) {
    this.chat(user).draft = text;
    storage.set(`draft.${user}`, text);
  }

  /** Everything up to the newest message has been looked at. */
  markSeen(user) {
    const chat = this.chat(user);
    const newest = Math.max(0, ...chat.messages.keys());
    if (newest <= chat.seen) return;
    chat.seen = newest;
    storage.set(`seen.${user}`, String(newest));
    this.emit("seen", user);
  }

  unreadTotal() {
    let count = 0;
    for (const chat of this.chats.values()) count += chat.unread();
    return count;
  }

  add(user, message) {
    const chat = this.chat(user);
    if (message.out) this.outbox?.arrived(user, message);
    else this.setTyping(chat, null);
    chat.messages.set(message.message_id, message);
    this.emit("chat", user);
  }

  /** Like `add`, unless it is there: the stream's word is newer than the answer to sending. */
  addNew(user, message) {
    if (this.chat(user).messages.has(message.message_id)) this.emit("chat", user);
    else this.add(user, message);
  }

  setTyping(chat, action) {
    window.clearTimeout(chat.typingTimer);
    chat.typing = action;
    if (action) {
      chat.typingTimer = window.setTimeout(() => {
        chat.typing = null;
        this.emit("chat", chat.user);
      }, TYPING_MS);
    }
  }

  /** Take in one server-sent event. */
  receive(kind, data) {
    if (kind === "people") {
      for (const person of data.people ?? []) this.put(person);
      this.emit("people");
      return;
    }
    if (kind === "commands") {
      this.loadState().catch(() => {});
      return;
    }
    if (kind === "reload") {
      for (const chat of this.chats.values()) if (chat.loaded) this.loadChat(chat.user).catch(() => {});
      return;
    }
    const user = data.chat;
    const chat = this.chat(user);
    if (kind === "message") {
      this.add(user, data.message);
      return;
    }
    if (kind === "edit") {
      if (data.message) chat.messages.set(data.message.message_id, data.message);
    } else if (kind === "delete") {
      for (const id of data.message_ids ?? [data.message_id]) chat.messages.delete(id);
    } else if (kind === "reaction") {
      const message = chat.messages.get(data.message_id);
      if (message) chat.messages.set(data.message_id, { ...message, reactions: data.reactions ?? [] });
    } else if (kind === "typing") {
      this.setTyping(chat, data.action === undefined ? "typing" : data.action);
    } else if (kind === "keyboard") {
      chat.keyboard = data.keyboard ?? null;
    } else if (kind === "read") {
      for (const id of data.message_ids ?? []) {
        const message = chat.messages.get(id);
        if (message) chat.messages.set(id, { ...message, status: "read" });
      }
    }
    this.emit("chat", user);
  }
}
