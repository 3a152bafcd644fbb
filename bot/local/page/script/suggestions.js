// The list of commands over the composer, filtered while a command is typed.
import { h, uid } from "./dom.js";
import { t } from "./words.js";

/** A listbox that the text field steers: the field keeps the focus, `aria-activedescendant` says which one is chosen. */
export class Suggestions {
  constructor(field, commands, pick) {
    this.field = field;
    this.commands = commands;
    this.pick = pick;
    this.shown = [];
    this.index = 0;
    this.id = uid("commands");
    this.element = h("div", { class: "suggestions", role: "listbox", id: this.id, "aria-label": t("commands"), hidden: true });
    field.setAttribute("aria-controls", this.id);
    field.setAttribute("aria-autocomplete", "list");
    this.element.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  get open() {
    return !this.element.hidden;
  }

  /** Show what fits the text of the field; nothing unless it is the beginning of one command. */
  update() {
    const typed = this.field.value;
    const match = /^\/(\w*)$/.exec(typed);
    this.shown = match ? this.commands().filter((item) => item.command.startsWith(match[1].toLowerCase())) : [];
    this.index = 0;
    this.draw();
  }

  close() {
    this.shown = [];
    this.draw();
  }

  draw() {
    this.element.hidden = this.shown.length === 0;
    this.field.setAttribute("aria-expanded", String(this.open));
    this.element.replaceChildren(...this.shown.map((item, index) =>
      h("div", { class: "suggestion", role: "option", id: `${this.id}-${index}`, "aria-selected": String(index === this.index), on: { click: () => this.choose(index) } },
        h("b", {}, `/${item.command}`), h("span", {}, item.description))));
    if (this.open) {
      this.field.setAttribute("aria-activedescendant", `${this.id}-${this.index}`);
      this.element.children[this.index].scrollIntoView({ block: "nearest" });
    } else this.field.removeAttribute("aria-activedescendant");
  }

  choose(index) {
    const item = this.shown[index];
    this.close();
    if (item) this.pick(`/${item.command}`);
  }

  /** Take a key of the field; true if it was used. */
  key(event) {
    if (!this.open || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.index = (this.index + step + this.shown.length) % this.shown.length;
      this.draw();
    } else if (event.key === "Enter" && !event.shiftKey) this.choose(this.index);
    else if (event.key === "Tab" && !event.shiftKey) {
      this.field.value = `/${this.shown[this.index].command} `;
      this.close();
    } else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
