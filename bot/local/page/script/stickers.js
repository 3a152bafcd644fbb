// A few stickers of the page's own: an emoji on a cut-out paper shape, drawn when it is sent (512 px WebP, as Telegram's are).
import { h, button } from "./dom.js";
import { t } from "./words.js";

export const STICKERS = ["👋", "😊", "🥰", "😆", "🤔", "😭", "👍", "💕", "🎉", "☕", "🍜", "🌙"];
const SIDE = 512;

async function draw(emoji) {
  const canvas = h("canvas", { width: SIDE, height: SIDE });
  const pen = canvas.getContext("2d");
  pen.font = "330px 'Noto Color Emoji', 'Apple Color Emoji', 'Segoe UI Emoji', sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.shadowColor = "#ffffff";
  for (let angle = 0; angle < 16; angle += 1) {
    pen.shadowOffsetX = 14 * Math.cos((angle * Math.PI) / 8);
    pen.shadowOffsetY = 14 * Math.sin((angle * Math.PI) / 8);
    pen.fillText(emoji, SIDE / 2, SIDE / 2 + 16);
  }
  pen.shadowColor = "transparent";
  pen.fillText(emoji, SIDE / 2, SIDE / 2 + 16);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 0.9));
}

/** The panel of stickers; `send(content)` sends one. */
export function stickerPanel(send) {
  return h("div", { class: "sticker-panel", role: "group", "aria-label": t("stickers") }, STICKERS.map((emoji) =>
    button({ class: "sticker-choice", "aria-label": t("stickerOf", { emoji }), on: { click: async () => {
      const file = await draw(emoji);
      if (file) send({ kind: "sticker", file, filename: "sticker.webp" });
    } } }, emoji)));
}
