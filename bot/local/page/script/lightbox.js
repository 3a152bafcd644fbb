// A photo large, with its caption; a press or + and − zoom.
import { button, h } from "./dom.js";
import { openDialog } from "./dialogs.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

/** Show `url` large; a `guarded` one cannot be saved. */
export function lightbox(url, caption, alt, guarded = false) {
  const image = h("img", { src: url, alt, draggable: "false", class: guarded ? "guarded" : "" });
  const stage = button({ class: "lightbox-stage", "aria-label": alt, on: { click: () => element.classList.toggle("zoomed") } }, image);
  const bar = h("div", { class: "lightbox-bar" },
    guarded ? null : h("a", { class: "round-button", href: url, download: "photo.jpg", "aria-label": t("saveFile") }, icon("save")),
    button({ class: "round-button", "aria-label": t("close"), autofocus: true, on: { click: () => element.close() } }, icon("close")));
  const { element } = openDialog({ label: alt, className: "lightbox", content: [stage, caption ? h("p", { class: "lightbox-caption" }, caption) : null, bar] });
  element.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") element.classList.add("zoomed");
    if (event.key === "-") element.classList.remove("zoomed");
  });
}
