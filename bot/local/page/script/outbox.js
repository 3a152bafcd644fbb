// What the person has sent and the server does not have yet. Kept in IndexedDB until the server answered, so that neither a
// lost connection nor a reload loses anything; one message at a time for each person, so that the order stays.
import { api } from "./api.js";

const NAME = "inyeon-outbox";
const TABLE = "items";
const LONGEST_WAIT = 8_000;

function asPromise(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The table of unsent items; where the browser has no IndexedDB, they live in memory only. */
class Shelf {
  async open() {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "key" });
      this.database = await asPromise(request);
    } catch {
      this.database = null;
    }
  }

  run(mode, action) {
    if (!this.database) return Promise.resolve([]);
    return asPromise(action(this.database.transaction(TABLE, mode).objectStore(TABLE))).catch(() => []);
  }

  all() {
    return this.run("readonly", (table) => table.getAll());
  }

  put(item) {
    return this.run("readwrite", (table) => table.put(item));
  }

  remove(key) {
    return this.run("readwrite", (table) => table.delete(key));
  }
}

function newKey() {
  return crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Outbox {
  constructor(store) {
    this.store = store;
    this.shelf = new Shelf();
    this.items = [];
    this.busy = new Set();
    this.wait = 500;
    this.timer = 0;
    store.outbox = this;
    store.addEventListener("connection", () => store.connected && this.resume());
  }

  async open() {
    await this.shelf.open();
    const kept = await this.shelf.all();
    this.items = kept.sort((a, b) => a.order - b.order).map((item) => ({ ...item, state: item.state === "failed" ? "failed" : "waiting" }));
    this.resume();
  }

  of(user) {
    return this.items.filter((item) => item.user === user && item.state !== "arrived");
  }

  /** Queue something: {kind: "text"|"photo"|…, text, entities, file, filename, replyTo, quote, duration, spoiler, album} or {kind: "location"|"poll"|…, body}. */
  send(user, content) {
    const item = { ...content, key: newKey(), user, order: Date.now() + this.items.length / 1000, date: Math.floor(Date.now() / 1000), state: "waiting" };
    this.items.push(item);
    this.shelf.put(item);
    this.changed(user);
    this.pump(user);
  }

  retry(item) {
    item.state = "waiting";
    item.error = "";
    this.changed(item.user);
    this.pump(item.user);
  }

  drop(item) {
    this.items = this.items.filter((other) => other !== item);
    this.shelf.remove(item.key);
    this.changed(item.user);
  }

  resume() {
    for (const user of new Set(this.items.map((item) => item.user))) this.pump(user);
  }

  changed(user) {
    this.store.emit("chat", user);
  }

  /** The stream brought an own message: if it is the one now being sent, its waiting bubble goes at once. */
  arrived(user, message) {
    const match = this.items.find(
      (item) => item.user === user && item.state === "sending" && (item.kind === "text" ? item.text === message.text : item.kind in message),
    );
    if (match) match.state = "arrived";
  }

  async pump(user) {
    if (this.busy.has(user)) return;
    this.busy.add(user);
    try {
      for (;;) {
        const item = this.items.find((other) => other.user === user && other.state === "waiting");
        if (!item) break;
        if (!(await this.deliver(item))) break;
      }
    } finally {
      this.busy.delete(user);
    }
  }

  lastOwn(user) {
    return Math.max(0, ...[...this.store.chat(user).messages.values()].filter((message) => message.out).map((message) => message.message_id));
  }

  /** Whether an earlier try did arrive and only its answer was lost: a second one would double the message. */
  async reached(item) {
    try {
      await this.store.loadChat(item.user);
    } catch {
      return false;
    }
    const same = (message) => (item.kind === "text" ? message.text === item.text : item.kind in message);
    return [...this.store.chat(item.user).messages.values()].some((message) => message.out && message.message_id > item.after && same(message));
  }

  async deliver(item) {
    if (item.tried && (await this.reached(item))) {
      this.drop(item);
      return true;
    }
    item.state = "sending";
    item.after ??= this.lastOwn(item.user);
    this.changed(item.user);
    const how = item.kind === "text" ? api.text : item.body ? api.card : api.upload;
    try {
      const answer = await how(item.user, item);
      this.wait = 500;
      this.items = this.items.filter((other) => other !== item);
      this.shelf.remove(item.key);
      if (answer?.message) this.store.addNew(item.user, answer.message);
      else this.changed(item.user);
      return true;
    } catch (error) {
      if (item.state === "arrived") {
        this.drop(item);
        return true;
      }
      if (error.passing) {
        item.state = "waiting";
        item.tried = true;
        this.shelf.put({ ...item });
        window.clearTimeout(this.timer);
        this.timer = window.setTimeout(() => this.resume(), this.wait);
        this.wait = Math.min(LONGEST_WAIT, this.wait * 1.7);
      } else {
        item.state = "failed";
        item.error = error.message;
        this.shelf.put({ ...item });
      }
      this.changed(item.user);
      return !error.passing;
    }
  }
}
