// Dates, sizes and durations as the chosen language writes them.
import { language, t } from "./words.js";

const formats = new Map();

function format(name, options) {
  const key = `${language()}:${name}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language() === "ko" ? "ko-KR" : "en-US", options));
  return formats.get(key);
}

/** Clock time of a Unix time in seconds. */
export function clock(seconds) {
  return format("clock", { hour: "numeric", minute: "2-digit" }).format(new Date(seconds * 1000));
}

/** Full date and time, for tooltips and screen readers. */
export function moment(seconds) {
  return format("moment", { dateStyle: "long", timeStyle: "short" }).format(new Date(seconds * 1000));
}

/** A string that is equal for two times of one local day. */
export function dayKey(seconds) {
  return new Date(seconds * 1000).toDateString();
}

/** Today, yesterday, or the date. */
export function day(seconds, now = Date.now()) {
  const date = new Date(seconds * 1000);
  const today = new Date(now);
  const midnight = (value) => new Date(value.getFullYear(), value.getMonth(), value.getDate()).getTime();
  const ago = Math.round((midnight(today) - midnight(date)) / 86_400_000);
  if (ago === 0) return t("today");
  if (ago === 1) return t("yesterday");
  const options = { month: "long", day: "numeric", weekday: "short" };
  if (date.getFullYear() !== today.getFullYear()) return format("year", { ...options, year: "numeric" }).format(date);
  return format("day", options).format(date);
}

/** 75 → "1:15". */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(Number.isFinite(seconds) ? seconds : 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Bytes as KB or MB. */
export function size(bytes) {
  if (!bytes) return "";
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
