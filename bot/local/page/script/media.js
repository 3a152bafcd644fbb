// What a message carries besides text → DOM.
import { fileUrl } from "./api.js";
import { button, h, hidden, safeLink } from "./dom.js";
import { duration, size } from "./format.js";
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
  const words = message.text ?? message.caption;
  if (words) return words;
  const names = { photo: "photo", video: "video", video_note: "videoNote", voice: "voice", audio: "audio", document: "document", location: "location", venue: "location", contact: "contact", poll: "poll", animation: "animation" };
  if (kind === "sticker") return t("stickerOf", { emoji: message.sticker.emoji ?? "" }).trim();
  if (kind === "dice") return message.dice.emoji;
  return t(names[kind] ?? "unsupported");
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
  const cover = button({ class: "media-spoiler", "aria-label": t("spoilerPhoto"), on: { click: () => box.classList.add("open") } }, icon("photo"));
  const box = h("div", { class: "veiled" }, element, cover);
  return box;
}

function photo(message) {
  const large = best(message.photo);
  const alt = message.caption ? t("photoAlt", { caption: message.caption }) : t("photoAltNone");
  const image = h("img", { src: fileUrl(large.file_id), alt, width: large.width, height: large.height, decoding: "async", draggable: "false" });
  image.addEventListener("error", () => image.closest(".photo")?.classList.add("broken"));
  const open = button({ class: "photo", style: frame(large.width, large.height), on: { click: () => lightbox(fileUrl(large.file_id), message.caption ?? "", alt) } }, image, hidden(t("openPhoto")));
  return veil(open, message.has_media_spoiler);
}

function video(item, message, looping = false) {
  const element = h("video", { src: fileUrl(item.file_id), controls: !looping, preload: "metadata", playsinline: true, loop: looping, style: frame(item.width || 320, item.height || 240), "aria-label": message.caption ?? t(looping ? "animation" : "video") });
  if (looping) {
    element.muted = true;
    element.autoplay = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.addEventListener("click", () => (element.paused ? element.play() : element.pause()));
  }
  return veil(h("div", { class: "video" }, element), message.has_media_spoiler);
}

function animation(item, message) {
  if (item.mime_type?.startsWith("image/")) {
    const url = fileUrl(item.file_id);
    return button({ class: "photo", style: frame(item.width, item.height), on: { click: () => lightbox(url, message.caption ?? "", t("animation")) } }, h("img", { src: url, alt: t("animation") }));
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

function documentCard(item) {
  const name = item.file_name ?? t("document");
  return h("a", { class: "card", href: fileUrl(item.file_id), download: name, "aria-label": t("download", { name }) },
    h("span", { class: "card-icon" }, icon("file")),
    h("span", { class: "card-text" }, h("strong", {}, name), h("small", {}, size(item.file_size))));
}

function audioCard(item) {
  const title = [item.performer, item.title].filter(Boolean).join(" – ") || item.file_name || t("audio");
  return h("div", { class: "audio" }, h("strong", {}, title), audioPlayer(fileUrl(item.file_id), item.duration, title));
}

function place(location, title, address) {
  const { latitude, longitude } = location;
  const coordinates = `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
  const href = safeLink(`https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=12/${latitude}/${longitude}`);
  return h("a", { class: "card place", href, target: "_blank", rel: "noopener noreferrer", "aria-label": `${t("location")} ${title ?? coordinates}. ${t("openMap")}` },
    h("span", { class: "place-map", "aria-hidden": "true" }, icon("pin")),
    h("span", { class: "card-text" }, h("strong", {}, title ?? t("location")), h("small", {}, address ?? coordinates)));
}

function contact(item) {
  const name = [item.first_name, item.last_name].filter(Boolean).join(" ");
  return h("div", { class: "card" }, h("span", { class: "card-icon" }, icon("person")), h("span", { class: "card-text" }, h("strong", {}, name), h("small", {}, item.phone_number)));
}

function poll(item) {
  const total = Math.max(1, item.total_voter_count ?? 0);
  return h("div", { class: "poll" },
    h("strong", {}, item.question),
    h("ul", {}, (item.options ?? []).map((option) =>
      h("li", {}, h("span", { class: "poll-line" }, h("span", {}, option.text), h("small", {}, t("pollVotes", { count: option.voter_count ?? 0 }))),
        h("span", { class: "poll-bar", "aria-hidden": "true" }, h("span", { style: { width: `${Math.round((100 * (option.voter_count ?? 0)) / total)}%` } }))))));
}

/** The element for a message's media, or null for plain text. */
export function media(message) {
  const kind = kindOf(message);
  const item = message[kind];
  switch (kind) {
    case "text": return null;
    case "photo": return photo(message);
    case "video": return video(item, message);
    case "animation": return animation(item, message);
    case "video_note": return roundVideo(fileUrl(item.file_id), item.duration);
    case "voice": return audioPlayer(fileUrl(item.file_id), item.duration, t("voice"), item.file_id);
    case "audio": return audioCard(item);
    case "sticker": return sticker(item);
    case "document": return documentCard(item);
    case "location": return place(item);
    case "venue": return place(item.location, item.title, item.address);
    case "contact": return contact(item);
    case "poll": return poll(item);
    case "dice": return h("div", { class: "sticker-emoji", role: "img", "aria-label": `${item.emoji} ${item.value}` }, item.emoji, h("small", {}, String(item.value)));
    default: return h("p", { class: "unsupported" }, t("unsupported"));
  }
}

/** The element for something that is still being sent. */
export function localMedia(item) {
  if (!item.file) return item.kind === "location" ? place(item, item.name) : item.kind === "contact" ? h("p", {}, t("contact")) : null;
  const url = URL.createObjectURL(item.file);
  const release = () => URL.revokeObjectURL(url);
  if (item.kind === "photo" || item.kind === "sticker") {
    const image = h("img", { src: url, alt: t(item.kind) });
    image.addEventListener("load", release);
    image.addEventListener("error", release);
    return h("div", { class: item.kind === "photo" ? "photo sending" : "sticker" }, image);
  }
  release();
  const names = { video: "video", video_note: "videoNote", voice: "voice", audio: "audio" };
  return h("div", { class: "card" }, h("span", { class: "card-icon" }, icon(item.kind === "voice" ? "mic" : "file")),
    h("span", { class: "card-text" }, h("strong", {}, names[item.kind] ? t(names[item.kind]) : item.filename), h("small", {}, item.duration ? duration(item.duration) : size(item.file.size))));
}
