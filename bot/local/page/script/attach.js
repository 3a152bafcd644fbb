// Files on their way out: choosing, dropping, pasting, and a look at them before they go.
import { openDialog, toast } from "./dialogs.js";
import { button, h } from "./dom.js";
import { size } from "./format.js";
import { icon } from "./icons.js";
import { parseMarks } from "./marks.js";
import { t } from "./words.js";

const PHOTO_SIDE = 2560;
const PHOTO_TYPES = ["image/jpeg", "image/png", "image/webp"];

/** How a file goes out by default: photo, video, audio or document. */
export function kindFor(file) {
  if (PHOTO_TYPES.includes(file.type)) return "photo";
  if (file.type === "image/gif") return "animation";
  if (file.type.startsWith("video/")) return "video";
  return file.type.startsWith("audio/") ? "audio" : "document";
}

/** Let the person choose files; `take(files)`. */
export function chooseFiles(accept, take, several = true) {
  const input = h("input", { type: "file", accept, multiple: several, class: "visually-hidden", tabindex: "-1", "aria-hidden": "true" });
  const done = () => input.remove();
  input.addEventListener("change", () => {
    if (input.files.length) take([...input.files]);
    done();
  });
  input.addEventListener("cancel", done);
  document.body.append(input);
  input.click();
}

/** Files dragged onto `element` go to `take`. */
export function acceptDrops(element, take) {
  let depth = 0;
  const cover = h("div", { class: "drop-cover", hidden: true, "aria-hidden": "true" }, icon("photo"), h("span", {}, t("dropHere")));
  element.append(cover);
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const end = () => {
    depth = 0;
    cover.hidden = true;
  };
  element.addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth += 1;
    cover.hidden = false;
  });
  element.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  element.addEventListener("dragleave", () => {
    depth -= 1;
    if (depth <= 0) end();
  });
  element.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    end();
    if (event.dataTransfer.files.length) take([...event.dataTransfer.files]);
  });
}

/** A photo that Telegram would take: one over `limit` bytes is drawn smaller, as its own apps do. Null if it cannot be read. */
async function fitting(file, limit) {
  if (file.size <= limit) return file;
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
  const scale = Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height));
  const canvas = h("canvas", { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
  return blob && new File([blob], file.name.replace(/\.\w+$/, ".jpg"), { type: "image/jpeg" });
}

/** Width, height and seconds of a film or a sound, as far as the browser can read it. */
function measure(file) {
  if (!/^(video|audio)\//.test(file.type)) return Promise.resolve({});
  return new Promise((resolve) => {
    const url = URL.createObjectURL(file);
    const player = h(file.type.startsWith("video/") ? "video" : "audio", { preload: "metadata" });
    const done = () => {
      URL.revokeObjectURL(url);
      const seconds = Number.isFinite(player.duration) ? Math.max(1, player.duration) : 0;
      resolve({ width: player.videoWidth || 0, height: player.videoHeight || 0, duration: seconds });
    };
    for (const name of ["loadedmetadata", "error"]) player.addEventListener(name, done, { once: true });
    window.setTimeout(done, 2000);
    player.src = url;
  });
}

/** Files that Telegram puts into one album have one name for it: pictures and films together, or all documents, or all sounds. */
function albumOf(kinds) {
  const together = kinds.every((kind) => kind === "photo" || kind === "video") || (kinds.every((kind) => kind === kinds[0]) && ["document", "audio"].includes(kinds[0]));
  return kinds.length > 1 && kinds.length <= 10 && together ? String(crypto.getRandomValues(new Uint32Array(1))[0]) : null;
}

function thumb(file, kind) {
  if (kind !== "photo") return h("div", { class: "card" }, h("span", { class: "card-icon" }, icon("file")), h("span", { class: "card-text" }, h("strong", {}, file.name), h("small", {}, size(file.size))));
  const url = URL.createObjectURL(file);
  const image = h("img", { src: url, alt: file.name });
  for (const name of ["load", "error"]) image.addEventListener(name, () => URL.revokeObjectURL(url));
  return image;
}

/** Show `files` with a caption field, then `send(content)` each. `limits`: {photo_bytes, upload_bytes}. */
export function previewFiles(files, { limits = {}, caption = "", send, sent, toasts, back, host }) {
  const upload = limits.upload_bytes ?? 50 * 1024 * 1024;
  const photo = limits.photo_bytes ?? 10 * 1024 * 1024;
  const good = files.filter((file) => {
    if (file.size <= upload) return true;
    toast(t("tooLarge", { size: size(file.size), limit: size(upload) }), toasts);
    return false;
  });
  if (!good.length) return;
  const pictures = h("div", { class: `preview${good.length > 1 ? " many" : ""}` }, good.map((file) => thumb(file, kindFor(file))));
  const words = h("textarea", { class: "field", rows: "2", maxlength: "1024", placeholder: t("caption"), "aria-label": t("caption") });
  words.value = caption;
  const option = (label, kinds) => {
    const box = h("input", { type: "checkbox" });
    return { box, element: good.every((file) => kinds.includes(kindFor(file))) ? h("label", { class: "check" }, box, t(label)) : null };
  };
  const original = option("asFile", ["photo", "video", "animation", "audio"]);
  const spoiler = option("asSpoiler", ["photo", "video", "animation"]);
  const voice = option("asVoice", ["audio"]);
  const round = option("asRound", ["video"]);
  let going = false;
  const go = async () => {
    if (going) return;
    going = true;
    dialog.close();
    sent?.();
    const { text, entities } = parseMarks(words.value.trim());
    const ready = [];
    for (const file of good) {
      const wanted = original.box.checked ? "document" : voice.box.checked ? "voice" : round.box.checked ? "video_note" : kindFor(file);
      const fits = wanted === "photo" ? await fitting(file, photo) : file;
      ready.push({ kind: fits ? wanted : "document", file: fits ?? file, filename: (fits ?? file).name || "file", ...(await measure(file)) });
    }
    const album = albumOf(ready.map((one) => one.kind));
    ready.forEach((one, index) => send({ ...one, album, spoiler: spoiler.box.checked && one.kind !== "document", ...(index === 0 ? { text, entities } : {}) }));
  };
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      go();
    }
  });
  const dialog = openDialog({ title: t("preview"), className: "sheet", back, host, content: h("div", { class: "dialog-body" }, pictures, words,
    h("div", { class: "checks" }, original.element, spoiler.element, voice.element, round.element),
    h("div", { class: "dialog-actions" },
      button({ class: "filled", on: { click: go } }, icon("send"), t("send")))) });
  words.focus();
}
