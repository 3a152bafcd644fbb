// Puts the page together: two phones beside each other, or one where there is no room.
import { toast } from "./dialogs.js";
import { button, h, narrow, storage } from "./dom.js";
import { Events } from "./events.js";
import { icon } from "./icons.js";
import { Outbox } from "./outbox.js";
import { Phone } from "./phone.js";
import { Store } from "./store.js";
import { api } from "./api.js";
import { language, setLanguage, t } from "./words.js";

const BACKGROUND_PAUSE = 150;

const store = new Store();
const outbox = new Outbox(store);
let phones = [];
let left = 0;
let right = 0;

store.shown = () => (narrow.matches ? left : right);

function darkNow() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
}

function toggleTheme() {
  const wanted = darkNow() ? "light" : "dark";
  document.documentElement.dataset.theme = wanted;
  storage.set("theme", wanted);
  refreshActions();
}

async function toggleLanguage() {
  setLanguage(language() === "ko" ? "en" : "ko");
  storage.set("language", language());
  build();
  document.querySelector("[data-focus='language']")?.focus();
  await tellLanguage();
}

/** The person on the left speaks the page's language: Telegram tells bots the language of the app. */
async function tellLanguage() {
  const you = store.people.find((person) => person.role === "you");
  if (!you || you.language === language()) return;
  you.language = language();
  await api.updatePerson(you.id, { language: language() }).catch(() => {});
}

function actions() {
  const dark = darkNow();
  return h("div", { class: "actions" },
    button({ class: "pill", "aria-label": t("languageLabel"), dataset: { focus: "language" }, lang: language() === "ko" ? "en" : "ko", on: { click: toggleLanguage } }, icon("globe"), h("span", {}, t("toEnglish"))),
    button({ class: "round-button", "aria-label": t(dark ? "themeLight" : "themeDark"), title: t(dark ? "themeLight" : "themeDark"), dataset: { focus: "theme" }, on: { click: toggleTheme } }, icon(dark ? "sun" : "moon")));
}

function refreshActions() {
  const focused = document.activeElement?.dataset?.focus;
  for (const old of document.querySelectorAll(".actions")) old.replaceWith(actions());
  if (focused) document.querySelector(`[data-focus="${focused}"]`)?.focus();
}

function choose(side, user) {
  if (side === "left") left = user;
  else right = user;
  storage.set(narrow.matches ? "alone" : "right", String(user));
  phones.find((phone) => phone.side === side)?.show(user);
}

function build() {
  for (const phone of phones) phone.destroy();
  const one = narrow.matches;
  document.getElementById("topbar").replaceChildren(
    h("div", { class: "brand" }, h("img", { src: "art/mark.svg", alt: "", width: "32", height: "32" }), h("h1", {}, t("pageTitle"))),
    h("p", { class: "local-note", role: "note" }, t("localNote")), one ? "" : actions());
  if (!one) left = store.people.find((person) => person.role === "you")?.id ?? left;
  phones = [new Phone({ store, outbox, side: "left", user: left, choose: (user) => choose("left", user), extras: one ? actions : null })];
  if (!one) phones.push(new Phone({ store, outbox, side: "right", user: right, choose: (user) => choose("right", user) }));
  document.getElementById("stage").replaceChildren(...phones.map((phone) => phone.element));
  title();
}

function title() {
  const unread = store.unreadTotal();
  document.title = unread ? `(${unread}) ${t("pageTitle")}` : t("pageTitle");
}

/** Chats that no phone shows are fetched slowly, for their unread counts. */
async function loadOthers() {
  for (const person of store.people) {
    if (!store.chat(person.id).loaded) {
      await store.loadChat(person.id).catch(() => {});
      await new Promise((resolve) => window.setTimeout(resolve, BACKGROUND_PAUSE));
    }
  }
}

async function reload() {
  await store.loadState();
  events.follow(store.people.map((person) => person.id));
  const loaded = [...store.chats.values()].filter((chat) => chat.loaded || phones.some((phone) => phone.user === chat.user));
  await Promise.all(loaded.map((chat) => store.loadChat(chat.user)));
}

let told = false;
const events = new Events({
  onEvent: (kind, data) => store.receive(kind, data),
  onOpen(again) {
    store.setConnected(true);
    if (told) toast(t("reconnected"));
    told = false;
    if (again) reload().catch(() => {});
  },
  onLost() {
    if (store.connected) {
      store.setConnected(false);
      told = true;
      toast(t("serverGone"));
    }
  },
});

function pick(role, wanted) {
  return store.person(Number(wanted))?.id ?? store.people.find((person) => person.role === role)?.id ?? store.people[0]?.id ?? 0;
}

async function boot() {
  setLanguage(storage.get("language") ?? (navigator.language?.toLowerCase().startsWith("ko") ? "ko" : "en"));
  for (;;) {
    try {
      await store.loadState();
      break;
    } catch {
      document.getElementById("stage").replaceChildren(h("p", { class: "boot", role: "status" }, t("connecting")));
      await new Promise((resolve) => window.setTimeout(resolve, 1000));
    }
  }
  left = pick("you", narrow.matches ? storage.get("alone") : "");
  right = pick("demo", storage.get("right"));
  await tellLanguage();
  for (const name of ["chat", "seen"]) store.addEventListener(name, title);
  store.addEventListener("people", () => {
    events.follow(store.people.map((person) => person.id));
    if (!store.person(right) || (store.person(right).role === "you" && !storage.get("right"))) choose("right", pick("demo", ""));
  });
  build();
  events.follow(store.people.map((person) => person.id));
  await outbox.open();
  narrow.addEventListener("change", () => {
    left = pick("you", narrow.matches ? storage.get("alone") : "");
    build();
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refreshActions);
  document.documentElement.dataset.ready = "true";
  await loadOthers();
}

boot();
