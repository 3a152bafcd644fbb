// Messages that are cards: files, places (standing and live), contacts, polls, dice.
import { fileUrl } from "./api.js";
import { button, h, hidden, safeLink } from "./dom.js";
import { duration, size } from "./format.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

const FOREVER = 0x7fffffff;
const TICK = 15_000;

/** A file: a link that downloads it, or where its sender protects it a card that only tells of it. */
export function documentCard(item, guarded) {
  const name = item.file_name ?? t("document");
  const inside = [
    h("span", { class: "card-icon" }, item.thumbnail ? h("img", { src: fileUrl(item.thumbnail.file_id), alt: "", draggable: "false" }) : icon("file")),
    h("span", { class: "card-text" }, h("strong", {}, name), h("small", {}, size(item.file_size))),
  ];
  if (guarded) return h("div", { class: "card", role: "group", "aria-label": `${name}, ${t("guarded")}` }, inside);
  return h("a", { class: "card", href: fileUrl(item.file_id), download: name, "aria-label": t("download", { name }) }, inside);
}

/** Seconds for which a live location still moves; 0 where it has ended or never did. */
export function liveLeft(message, now = Date.now()) {
  const period = message.location?.live_period;
  if (!period) return 0;
  return period === FOREVER ? Infinity : Math.max(0, message.date + period - now / 1000);
}

function liveWords(message) {
  const left = liveLeft(message);
  if (!left) return t("liveEnded");
  if (left === Infinity) return t("liveOn");
  return left > 3600 ? t("liveHours", { count: Math.round(left / 3600) }) : t("liveMinutes", { count: Math.ceil(left / 60) });
}

/** A place; a live one says for how long it still moves. */
export function place(location, title, address, message = null) {
  const { latitude, longitude } = location;
  const coordinates = `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
  const live = Boolean(location.live_period && message);
  const href = safeLink(`https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=12/${latitude}/${longitude}`);
  const state = live ? h("small", { class: "live-state" }, liveWords(message)) : null;
  const name = live ? t("liveLocation") : (title ?? t("location"));
  const card = h("a", { class: `card place${live && liveLeft(message) ? " moving" : ""}`, href, target: "_blank", rel: "noopener noreferrer", "aria-label": `${name} ${address ?? coordinates}. ${live ? `${liveWords(message)}. ` : ""}${t("openMap")}` },
    h("span", { class: "place-map", "aria-hidden": "true" }, icon("pin")),
    h("span", { class: "card-text" }, h("strong", {}, name), h("small", {}, address ?? coordinates), state));
  if (live && liveLeft(message)) {
    const tick = () => {
      state.textContent = liveWords(message);
      card.classList.toggle("moving", Boolean(liveLeft(message)));
      if (card.isConnected && liveLeft(message)) window.setTimeout(tick, TICK);
    };
    window.setTimeout(tick, TICK);
  }
  return card;
}

/** Somebody's name and number. */
export function contact(item) {
  const name = [item.first_name, item.last_name].filter(Boolean).join(" ");
  return h("div", { class: "card" }, h("span", { class: "card-icon" }, icon("person")), h("span", { class: "card-text" }, h("strong", {}, name), h("small", {}, item.phone_number)));
}

function rightOnes(poll) {
  return poll.correct_option_ids ?? (poll.correct_option_id === undefined ? [] : [poll.correct_option_id]);
}

function result(poll, chosen, option, index) {
  const total = Math.max(1, poll.total_voter_count ?? 0);
  const share = Math.round((100 * (option.voter_count ?? 0)) / total);
  const mine = chosen.includes(index);
  const right = poll.type === "quiz" && rightOnes(poll).includes(index);
  const wrong = poll.type === "quiz" && mine && !right;
  const sign = right || (mine && !wrong) ? icon("check") : wrong ? icon("close") : null;
  const spoken = [mine ? t("yourVote") : "", right ? t("rightAnswer") : ""].filter(Boolean).join(", ");
  return h("li", { class: `${mine ? "mine" : ""}${right ? " right" : ""}${wrong ? " wrong" : ""}` },
    h("span", { class: "poll-line" }, h("span", { class: "poll-share" }, `${share}%`), h("span", { class: "poll-text" }, option.text), h("span", { class: "poll-sign" }, sign), hidden(`${t("pollVotes", { count: option.voter_count ?? 0 })}${spoken ? `, ${spoken}` : ""}`)),
    h("span", { class: "poll-bar", "aria-hidden": "true" }, h("span", { style: { width: `${share}%` } })));
}

/** A poll: its options to choose from, and once one has voted or it is closed, how it stands. */
export function poll(message, context) {
  const item = message.poll;
  const chosen = message.chosen ?? [];
  const several = Boolean(item.allows_multiple_answers);
  const open = !item.is_closed && !chosen.length && context?.vote;
  const kind = item.is_closed ? "pollClosed" : item.type === "quiz" ? "pollQuiz" : item.is_anonymous ? "pollAnonymous" : "pollOpen";
  const foot = h("small", { class: "poll-foot" }, t("pollTotal", { count: item.total_voter_count ?? 0 }));
  const head = [h("strong", {}, item.question), h("small", { class: "poll-kind" }, [t(kind), several ? t("pollSeveral") : ""].filter(Boolean).join(" · "))];
  if (!open) {
    return h("div", { class: "poll" }, head, h("ul", {}, (item.options ?? []).map((option, index) => result(item, chosen, option, index))),
      item.explanation && chosen.length ? h("p", { class: "poll-why" }, item.explanation) : null, foot);
  }
  const picked = new Set();
  const send = button({ class: "text-button poll-send", disabled: true, on: { click: () => context.vote(message, [...picked]) } }, icon("check"), t("pollVote"));
  const pick = (index, row) => {
    if (!several) {
      context.vote(message, [index]);
      return;
    }
    if (!picked.delete(index)) picked.add(index);
    row.setAttribute("aria-checked", String(picked.has(index)));
    send.disabled = picked.size === 0;
  };
  const rows = item.options.map((option, index) => button({ class: `poll-option${several ? " square" : ""}`, role: several ? "checkbox" : null, "aria-checked": several ? "false" : null, dataset: { focus: `option-${index}` }, on: { click: (event) => pick(index, event.currentTarget) } },
    h("span", { class: "poll-mark", "aria-hidden": "true" }, several ? icon("check") : null), h("span", { class: "poll-text" }, option.text)));
  return h("div", { class: "poll", role: "group", "aria-label": `${t("poll")}: ${item.question}` }, head, rows, several ? send : null, foot);
}

/** A dice or another throw, with what came of it. */
export function dice(item) {
  return h("div", { class: "sticker-emoji dice", role: "img", "aria-label": t("diceOf", { emoji: item.emoji, value: item.value }) }, item.emoji, h("small", { "aria-hidden": "true" }, String(item.value)));
}

/** How something that is being sent is called. */
export function waitingCard(item) {
  const names = { video: "video", video_note: "videoNote", voice: "voice", audio: "audio", animation: "animation" };
  return h("div", { class: "card" }, h("span", { class: "card-icon" }, icon(item.kind === "voice" ? "mic" : "file")),
    h("span", { class: "card-text" }, h("strong", {}, names[item.kind] ? t(names[item.kind]) : item.filename), h("small", {}, item.duration ? duration(item.duration) : size(item.file.size))));
}
