// Inline keyboards under bubbles, and reply keyboards above the composer.
import { api } from "./api.js";
import { button, h, safeLink } from "./dom.js";
import { alertBox, toast } from "./dialogs.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

// Presses that wait for the bot's answer, by chat, message and data: they outlive a redraw of the bubble.
const waiting = new Set();
const PICTURE = /\p{Extended_Pictographic}/u;

async function press(context, message, key, data) {
  const id = `${context.user}:${message.message_id}:${data}`;
  if (waiting.has(id)) return;
  waiting.add(id);
  key.classList.add("pending");
  key.setAttribute("aria-busy", "true");
  try {
    const answer = await api.callback(context.user, message.message_id, data);
    settle(context, message, id);
    if (answer?.timeout) toast(t("noAnswer"), context.toasts());
    else if (answer?.url && safeLink(answer.url)) window.open(safeLink(answer.url), "_blank", "noopener,noreferrer");
    else if (answer?.text && answer.show_alert) await alertBox(answer.text, { host: context.host() });
    else if (answer?.text) toast(answer.text, context.toasts());
  } catch (error) {
    // The bubble may have been redrawn meanwhile: its present buttons are asked for.
    toast(error.status === undefined || error.status === 504 || error.name === "TimeoutError" ? t("noAnswer") : t("actionFailed", { reason: error.message }), context.toasts());
    settle(context, message, id);
  }
}

function settle(context, message, id) {
  waiting.delete(id);
  for (const element of context.keysOf(message.message_id)) {
    element.classList.remove("pending");
    element.removeAttribute("aria-busy");
  }
}

function inlineKey(context, message, item, index) {
  if (item.url) {
    const href = safeLink(item.url);
    return h("a", { class: "key", href, target: "_blank", rel: "noopener noreferrer", dataset: { focus: `key-${index}` } }, h("span", {}, item.text), icon("link", "key-corner"));
  }
  const pending = waiting.has(`${context.user}:${message.message_id}:${item.callback_data}`);
  const key = button({ class: `key${pending ? " pending" : ""}`, "aria-busy": pending ? "true" : null, dataset: { focus: `key-${index}` } }, h("span", {}, item.text));
  key.addEventListener("click", () => {
    if (item.callback_data !== undefined) press(context, message, key, item.callback_data);
    else if (item.copy_text) navigator.clipboard?.writeText(item.copy_text.text).then(() => toast(t("copied"), context.toasts())).catch(() => {});
    else toast(t("unsupported"), context.toasts());
  });
  return key;
}

/** The rows of buttons under a bubble, or null. */
export function inlineKeyboard(context, message) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows?.length) return null;
  let index = 0;
  return h("div", { class: "keys", role: "group", "aria-label": t("buttons") },
    rows.map((row) => h("div", { class: "keys-row" }, row.map((item) => inlineKey(context, message, item, (index += 1))))));
}

/** The reply keyboard `markup`; `actions`: text(words), location(), contact(). */
export function replyKeyboard(markup, actions) {
  const act = (item) => {
    if (item.request_location) actions.location();
    else if (item.request_contact) actions.contact();
    else actions.text(item.text ?? item);
    if (markup.one_time_keyboard) actions.used();
  };
  return h("div", { class: "reply-keys", role: "group", "aria-label": t("buttons") },
    markup.keyboard.map((row) => h("div", { class: "keys-row" }, row.map((item) =>
      button({ class: "reply-key", on: { click: () => act(item) } }, PICTURE.test(item.text ?? item) ? null : item.request_location ? icon("pin") : item.request_contact ? icon("person") : null, h("span", {}, item.text ?? item))))));
}
