// What the paper clip offers, and what becomes of chosen, dropped and pasted files.
import { chooseFiles, previewFiles } from "./attach.js";
import { openCamera } from "./camera.js";
import { chooseContact, chooseDice, makePoll } from "./compose.js";
import { alertBox } from "./dialogs.js";
import { pickLocation } from "./location.js";
import { openMenu } from "./menu.js";
import { t } from "./words.js";

/** The menu of attachments. */
export function attachMenu(composer, anchor) {
  const box = anchor.getBoundingClientRect();
  const host = composer.context.host();
  const files = (chosen) => sendFiles(composer, chosen);
  const item = (name, label, action) => ({ icon: name, label: t(label), action });
  openMenu({ host, before: anchor, label: t("attach"), at: { x: box.right - 190, y: box.top, above: box.top - 6 }, items: [
    item("photo", "attachPhoto", () => chooseFiles("image/*,video/*", files)),
    item("camera", "attachCamera", () => openCamera({ host, photo: (file) => files([file]), round: (content) => composer.context.send({ ...content, ...composer.answering() }) })),
    item("file", "attachFile", () => chooseFiles("", files)),
    item("pin", "attachLocation", () => sendLocation(composer, true)),
    item("person", "attachContact", () => chooseContact(host, (body) => composer.card("contact", body))),
    item("poll", "attachPoll", () => makePoll(host, (body) => composer.card("poll", body))),
    item("dice", "attachDice", () => chooseDice(host, (emoji) => composer.card("dice", { emoji }))),
  ] });
}

/** Show files and send them. */
export function sendFiles(composer, files) {
  if (!composer.begin.hidden) return;
  const { store, toasts, host, send } = composer.context;
  const answering = composer.answering();
  previewFiles(files, {
    limits: store.limits, caption: composer.editing ? "" : composer.field.value, toasts: toasts(), host: host(),
    send: (content) => send({ ...content, ...answering }),
    sent: () => { composer.setText(""); composer.release(); },
    back: () => composer.focus(),
  });
}

/** Files on the clipboard. */
export function paste(composer, event) {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length) return;
  event.preventDefault();
  sendFiles(composer, files);
}

/** Ask for a place and send it; `timed`: also for how long to share it. */
export function sendLocation(composer, timed = false) {
  pickLocation(composer.context.host(), (place) => composer.card("location", place), { timed });
}

/** The bot's own button asks for the contact: Telegram's apps ask once more. */
export async function confirmContact(composer) {
  if (await alertBox(t("contactConfirm"), { ask: true, host: composer.context.host() })) composer.card("contact", {});
}
