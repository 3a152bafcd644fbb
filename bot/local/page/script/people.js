// Whose phone it is: avatars, and the list in which another person is picked.
import { api } from "./api.js";
import { openDialog, toast } from "./dialogs.js";
import { button, h } from "./dom.js";
import { icon } from "./icons.js";
import { language, t } from "./words.js";

const HUES = 6;
const OWN = new Map([["나", "you"], ["운영자", "operator"]]);

/** What a person is called here: the product's own names for "you" and the operator are in the page's language. */
export function nameOf(person) {
  return OWN.has(person.name) ? t(OWN.get(person.name)) : person.name;
}

/** What the picture of a person is, in words. */
function portraitLabel(person) {
  return person.role === "demo" ? t("avatarDemo", { name: person.name }) : nameOf(person);
}

/** A round picture, or the first letter on a colour. `described`: whether it stands without the name beside it. */
export function avatar(person, described = false) {
  const letters = h("span", { class: `avatar hue-${person.id % HUES}`, role: described ? "img" : null, "aria-label": described ? portraitLabel(person) : null, "aria-hidden": described ? null : "true" }, [...(nameOf(person) || "?")][0]);
  if (!person.avatar) return letters;
  const image = h("img", { class: "avatar", src: person.avatar, alt: described ? portraitLabel(person) : "", title: portraitLabel(person), loading: "lazy", width: "40", height: "40" });
  image.addEventListener("error", () => image.replaceWith(letters));
  return image;
}

function count(number) {
  return number ? h("span", { class: "badge", "aria-label": t("unread", { count: number }) }, String(number)) : null;
}

/** The button that says whose phone it is; `fixed` shows the name only. */
export function switcher({ store, user, fixed, choose }) {
  const person = store.person(user) ?? { id: user, name: "…" };
  const inside = [avatar(person), h("span", { class: "switch-name" }, nameOf(person))];
  if (fixed) return h("span", { class: "switcher fixed" }, inside);
  const elsewhere = store.people.filter((other) => other.id !== user && other.id !== store.shown?.()).reduce((sum, other) => sum + store.chat(other.id).unread(), 0);
  return button({ class: "switcher", "aria-haspopup": "dialog", "aria-label": t("switchPerson", { name: nameOf(person) }), dataset: { focus: "switcher" }, on: { click: () => choosePerson(store, user, choose) } },
    inside, count(elsewhere), icon("down"));
}

function groups(store) {
  return [
    ["groupYou", store.people.filter((person) => person.role === "you")],
    ["groupAdmin", store.people.filter((person) => person.role === "admin")],
    ["groupDemo", store.people.filter((person) => person.role === "demo")],
  ];
}

/** The list of people in a dialog. */
export function choosePerson(store, user, choose) {
  const list = h("div", { class: "people-list" });
  const search = h("input", { type: "search", class: "field", placeholder: t("searchPeople"), "aria-label": t("searchPeople") });
  const pick = (person) => {
    close();
    choose(person.id);
  };
  const option = (person) =>
    button({ class: "person", "aria-current": person.id === user ? "true" : null, on: { click: () => pick(person) } },
      avatar(person), h("span", { class: "person-name" }, nameOf(person)), person.blocked ? h("small", {}, icon("block")) : null, count(store.chat(person.id).unread()));
  const draw = () => {
    const wanted = search.value.trim().toLowerCase();
    const shown = groups(store).map(([key, people]) => [key, people.filter((person) => nameOf(person).toLowerCase().includes(wanted))]).filter(([, people]) => people.length);
    list.replaceChildren(...(shown.length ? shown.map(([key, people]) => h("section", {}, h("h3", {}, t(key)), people.map(option))) : [h("p", { class: "hint" }, t("nobodyFound"))]));
  };
  search.addEventListener("input", draw);
  const name = h("input", { class: "field", maxlength: "40", placeholder: t("personName"), "aria-label": t("personName") });
  const add = h("form", { class: "add-person" }, name, h("button", { class: "quiet", type: "submit" }, t("addPerson")));
  add.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!name.value.trim()) return name.focus();
    try {
      const answer = await api.addPerson(name.value.trim(), language());
      await store.loadState();
      pick(answer.person ?? answer);
    } catch (error) {
      toast(t("actionFailed", { reason: error.message }));
    }
    return undefined;
  });
  const content = h("div", { class: "dialog-body people" }, search, list, add);
  content.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const all = [search, ...list.querySelectorAll(".person")];
    const index = all.indexOf(document.activeElement);
    if (index < 0) return;
    event.preventDefault();
    all[Math.min(all.length - 1, Math.max(0, index + (event.key === "ArrowDown" ? 1 : -1)))].focus();
  });
  draw();
  const { close } = openDialog({ title: t("people"), content, className: "sheet", host: document.activeElement?.closest(".phone")?.querySelector(".device") });
  (list.querySelector("[aria-current]") ?? search).focus();
}
