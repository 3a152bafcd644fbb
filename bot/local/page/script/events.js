// The stream of server-sent events, with reconnecting of our own: EventSource gives up on some answers for ever.
const KINDS = ["message", "edit", "delete", "reaction", "typing", "callback_answer", "keyboard", "people", "commands", "read", "reload"];
const FIRST_WAIT = 400;
const LONGEST_WAIT = 5_000;

/** Keeps one stream open; calls `onEvent(kind, data)`, `onOpen(again)` and `onLost()`. */
export class Events {
  constructor({ onEvent, onOpen, onLost }) {
    this.onEvent = onEvent;
    this.onOpen = onOpen;
    this.onLost = onLost;
    this.users = [];
    this.cursor = 0;
    this.wait = FIRST_WAIT;
    this.opened = false;
    this.source = null;
    this.timer = 0;
    window.addEventListener("online", () => this.reconnect());
  }

  /** Follow these people from now on. */
  follow(users) {
    if (this.source && users.length === this.users.length && users.every((user) => this.users.includes(user))) return;
    this.users = [...users];
    this.reconnect();
  }

  reconnect() {
    window.clearTimeout(this.timer);
    this.source?.close();
    const query = this.users.map((user) => `user=${user}`).join("&");
    const source = new EventSource(`/page/events?${query}${this.cursor ? `&after=${this.cursor}` : ""}`);
    this.source = source;
    source.addEventListener("open", () => {
      this.wait = FIRST_WAIT;
      const again = this.opened;
      this.opened = true;
      this.onOpen(again);
    });
    source.addEventListener("error", () => this.lost(source));
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.receive(kind, event));
  }

  receive(kind, event) {
    const id = Number(event.lastEventId);
    if (Number.isFinite(id) && id > 0) this.cursor = id;
    let data;
    try {
      data = JSON.parse(event.data);
    } catch {
      return;
    }
    this.onEvent(kind, data);
  }

  lost(source) {
    if (source !== this.source) return;
    source.close();
    this.onLost();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.reconnect(), this.wait);
    this.wait = Math.min(LONGEST_WAIT, this.wait * 1.7);
  }
}
