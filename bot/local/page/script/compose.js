// Dialogs for what is filled in before it is sent: a poll, a throw, a contact, the choice of a live location's time.
import { openDialog } from "./dialogs.js";
import { button, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

const OPTIONS_MAX = 10;
export const DICE = ["🎲", "🎯", "🏀", "⚽", "🎳", "🎰"];

function field(label, props = {}) {
  return h("input", { class: "field", type: "text", placeholder: label, "aria-label": label, autocomplete: "off", ...props });
}

function check(label) {
  const box = h("input", { type: "checkbox" });
  return { box, element: h("label", { class: "check" }, box, label) };
}

/** Ask for a question and its options; `send({question, options, is_anonymous, allows_multiple_answers})`. */
export function makePoll(host, send) {
  const question = field(t("pollQuestion"), { maxlength: "300" });
  const list = h("div", { class: "poll-fields" });
  const open = check(t("pollOpen"));
  const several = check(t("pollSeveral"));
  const fields = () => [...list.querySelectorAll("input")];
  const filled = () => fields().map((one) => one.value.trim()).filter(Boolean);
  const go = button({ class: "filled", disabled: true, on: { click: () => {
    dialog.close();
    send({ question: question.value.trim(), options: filled(), is_anonymous: !open.box.checked, allows_multiple_answers: several.box.checked });
  } } }, icon("send"), t("send"));
  const look = () => {
    go.disabled = !question.value.trim() || filled().length < 2;
    if (fields().every((one) => one.value.trim()) && fields().length < OPTIONS_MAX) add();
  };
  const add = () => list.append(field(t("pollOption", { number: fields().length + 1 }), { maxlength: "100", on: { input: look } }));
  question.addEventListener("input", look);
  for (let number = 0; number < 2; number += 1) add();
  const dialog = openDialog({ title: t("pollNew"), className: "sheet", host, content: h("div", { class: "dialog-body" }, question, list, h("div", { class: "checks" }, open.element, several.element), h("div", { class: "dialog-actions" }, go)) });
  question.focus();
}

/** Choose what to throw. */
export function chooseDice(host, send) {
  const dialog = openDialog({ title: t("diceTitle"), className: "sheet", host, content: h("div", { class: "dialog-body dice-choices" }, DICE.map((emoji, index) =>
    button({ class: "dice-choice", "aria-label": `${t("diceThrow")} ${emoji}`, autofocus: index === 0, on: { click: () => { dialog.close(); send(emoji); } } }, emoji))) });
}

/** Send one's own contact, or somebody else's name and number. */
export function chooseContact(host, send) {
  const name = field(t("contactName"), { maxlength: "64" });
  const phone = field(t("contactPhone"), { type: "tel", maxlength: "32" });
  const go = button({ class: "filled", disabled: true, on: { click: () => { dialog.close(); send({ first_name: name.value.trim(), phone_number: phone.value.trim() }); } } }, icon("send"), t("send"));
  const look = () => { go.disabled = !(name.value.trim() && /\d/.test(phone.value)); };
  for (const one of [name, phone]) one.addEventListener("input", look);
  const own = button({ class: "quiet wide", autofocus: true, on: { click: () => { dialog.close(); send({}); } } }, icon("person"), t("contactOwn"));
  const dialog = openDialog({ title: t("contactTitle"), className: "sheet", host, content: h("div", { class: "dialog-body" }, own, h("p", { class: "hint" }, t("contactOther")), name, phone, h("div", { class: "dialog-actions" }, go)) });
}

/** Radio buttons for how long a location is shared; `value()` is in seconds, 0 for once. */
export function sharing() {
  const choices = [[0, t("shareOnce")], [900, t("shareMinutes", { count: 15 })], [3600, t("shareHours", { count: 1 })], [28800, t("shareHours", { count: 8 })]];
  const boxes = choices.map(([seconds, label], index) => {
    const box = h("input", { type: "radio", name: "sharing", value: String(seconds), checked: index === 0 });
    return h("label", { class: "chip choice" }, box, h("span", {}, label));
  });
  const element = h("fieldset", { class: "choices" }, h("legend", { class: "hint" }, t("shareTitle")), boxes);
  return { element, value: () => Number(element.querySelector("input:checked").value) };
}
