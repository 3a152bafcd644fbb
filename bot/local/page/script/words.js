// The page's own words in both languages; a test checks that the two are complete.
import en from "./words-en.js";
import ko from "./words-ko.js";

export const WORDS = { ko, en };


let current = "ko";

/** The language in use: "ko" or "en". */
export function language() {
  return current;
}

/** Use `code` from now on; the caller redraws. */
export function setLanguage(code) {
  current = code === "en" ? "en" : "ko";
  document.documentElement.lang = current;
}

/** The words for `key`, with `{name}` places filled from `values`. */
export function t(key, values = {}) {
  const words = WORDS[current][key];
  if (words === undefined) throw new Error(`no words for ${key}`);
  return words.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
