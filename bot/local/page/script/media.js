// What a message carries besides text → DOM.
import { fileUrl } from "./api.js";
import { contact, dice, documentCard, place, poll, waitingCard } from "./cards.js";
import { button, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { lightbox } from "./lightbox.js";
import { audioPlayer, roundVideo } from "./players.js";
import { t } from "./words.js";

const WIDEST = 300;
const TALLEST = 380;

/** The kind of a Bot API message: the name of its content field. */
export function kindOf(message) {
  const kinds = ["animation", "photo", "video_note", "video", "voice", "audio", "sticker", "document", "venue", "location", "contact", "poll", "dice"];
  return kinds.find((kind) => message[kind] && (!Array.isArray(message[kind]) || message[kind].length)) ?? (message.text === undefined ? "unsupported" : "text");
}

/** One line that stands for a message in quotes and lists. */
export function summary(message) {
  const kind = kindOf(message);
  const words = veiled(message);
  if (words) return words;
  const names = { photo: "photo", video: "video", video_note: "videoNote", voice: "voice", audio: "audio", document: "document", location: "location", venue: "location", contact: "contact", poll: "poll", animation: "animation" };
  if (kind === "sticker") return t("stickerOf", { emoji: message.sticker.emoji ?? "" }).trim();
  if (kind === "poll") return `${t("poll")}: ${message.poll.question}`;
  if (kind === "document") return message.document.file_name ?? t("document");
  if (kind === "location" && message.location.live_period) return t("liveLocation");
  if (kind === "dice") return message.dice.emoji;
  return t(names[kind] ?? "unsupported");
}

/** The words of a message with what its sender hid left hidden. */
function veiled(message) {
  const words = message.text ?? message.caption ?? "";
  const hiding = (message.entities ?? message.caption_entities ?? []).filter((entity) => entity.type === "spoiler");
  return hiding.reduce((made, { offset, length }) => made.slice(0, offset) + "▒".repeat(length) + made.slice(offset + length), words);
}

/** The id of the file that a message carries, its best size, or null. */
export function fileOf(message) {
  const kind = kindOf(message);
  if (kind === "photo") return best(message.photo).file_id;
  return message[kind]?.file_id ?? null;
}

function best(sizes) {
  return sizes.reduce((one, other) => (other.width * other.height > one.width * one.height ? other : one));
}

function frame(width = 240, height = 240) {
  const scale = Math.min(WIDEST / width, TALLEST / height, Math.max(1, 200 / width));
  return { width: `${Math.max(120, Math.round(width * scale))}px`, "aspect-ratio": `${width} / ${height}` };
}

function veil(element, spoilered) {
  if (!spoilered) return element;
  // Until it is uncovered, neither a key nor a screen reader reaches what is under the veil.
  element.inert = true;
  const open = () => {
    box.classList.add("open");
    element.inert = false;
    cover.remove();
    (element.matches("button, video") ? element : element.querySelector("button, video"))?.focus({ preventScroll: true });
  };
  const cover = button({ class: "media-spoiler", "aria-label": t("spoilerPhoto"), on: { click: open } }, icon("eye"));
  const box = h("div", { class: "veiled" }, element, cover);
  return box;
}

function photo(message) {
  const large = best(message.photo);
  const alt = message.caption ? t("photoAlt", { caption: message.caption }) : t("photoAltNone");
  const image = h("img", { src: fileUrl(large.file_id), alt, width: large.width, height: large.height, decoding: "async", draggable: "false" });
  image.addEventListener("error", () => image.closest(".photo")?.classList.add("broken"));
  const open = button({ class: "photo", style: frame(large.width, large.height), on: { click: () => lightbox(fileUrl(large.file_id), message.caption ?? "", alt, message.has_protected_content) } }, image, hidden(t("openPhoto")));
  return veil(open, message.has_media_spoiler);
}

function video(item, message, looping = false) {
  const element = h("video", { src: fileUrl(item.file_id), controls: !looping, controlslist: message.has_protected_content ? "nodownload" : null, preload: "metadata", playsinline: true, loop: looping, "aria-label": message.caption ?? t(looping ? "animation" : "video") });
  if (looping) {
    element.muted = true;
    element.autoplay = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.addEventListener("click", () => (element.paused ? element.play() : element.pause()));
  }
  return veil(h("div", { class: "video", style: frame(item.width || 320, item.height || 240) }, element), message.has_media_spoiler);
}

function animation(item, message) {
  if (item.mime_type?.startsWith("image/")) {
    const url = fileUrl(item.file_id);
    return button({ class: "photo", style: frame(item.width, item.height), on: { click: () => lightbox(url, message.caption ?? "", t("animation"), message.has_protected_content) } }, h("img", { src: url, alt: t("animation") }));
  }
  return video(item, message, true);
}

function sticker(item) {
  const label = t("stickerOf", { emoji: item.emoji ?? "" }).trim();
  const picture = item.is_video
    ? h("video", { src: fileUrl(item.file_id), autoplay: true, loop: true, playsinline: true, "aria-label": label })
    : h("img", { src: fileUrl(item.file_id), alt: label, draggable: "false" });
  if (item.is_video) picture.muted = true;
  picture.addEventListener("error", () => picture.replaceWith(h("span", { class: "sticker-emoji", role: "img", "aria-label": label }, item.emoji ?? "🙂")));
  return h("div", { class: "sticker" }, picture);
}

function audioCard(item) {
  const title = [item.performer, item.title].filter(Boolean).join(" – ") || item.file_name || t("audio");
  return h("div", { class: "audio" }, h("strong", {}, title), audioPlayer(fileUrl(item.file_id), item.duration, title));
}

/** The element for a message's media, or null for plain text. */
export function media(message, context = null) {
  const kind = kindOf(message);
  const item = message[kind];
  const guarded = Boolean(message.has_protected_content);
  switch (kind) {
    case "text": return null;
    case "photo": return photo(message);
    case "video": return video(item, message);
    case "animation": return animation(item, message);
    case "video_note": return roundVideo(fileUrl(item.file_id), item.duration);
    case "voice": return audioPlayer(fileUrl(item.file_id), item.duration, t("voice"), item.file_id);
    case "audio": return audioCard(item);
    case "sticker": return sticker(item);
    case "document": return documentCard(item, guarded);
    case "location": return place(item, undefined, undefined, message);
    case "venue": return place(item.location, item.title, item.address);
    case "contact": return contact(item);
    case "poll": return poll(message, context);
    case "dice": return dice(item);
    default: return h("p", { class: "unsupported" }, t("unsupported"));
  }
}

/** The element for something that is still being sent. */
export function localMedia(item) {
  if (item.body) return h("p", {}, item.kind === "dice" ? item.body.emoji : item.kind === "poll" ? `${t("poll")}: ${item.body.question}` : t(item.kind));
  if (!item.file) return null;
  const url = URL.createObjectURL(item.file);
  const release = () => URL.revokeObjectURL(url);
  if (item.kind === "photo" || item.kind === "sticker") {
    const image = h("img", { src: url, alt: t(item.kind) });
    image.addEventListener("load", release);
    image.addEventListener("error", release);
    return h("div", { class: item.kind === "photo" ? "photo sending" : "sticker" }, image);
  }
  release();
  return waitingCard(item);
}
