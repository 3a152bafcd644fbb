// Voice and audio player with a drawn wave, and round videos. One thing plays at a time.
import { button, h } from "./dom.js";
import { duration } from "./format.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

const BARS = 32;
let playing = null;

function claim(element) {
  if (playing && playing !== element) playing.pause();
  playing = element;
}

/** Heights 0.2–1 that look like speech, always the same for the same seed text. */
function heights(seed) {
  let state = 2166136261;
  for (const char of seed) state = Math.imul(state ^ char.charCodeAt(0), 16777619) >>> 0;
  return Array.from({ length: BARS }, (_, index) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 0.2 + 0.8 * (state / 2 ** 32) * (0.45 + 0.55 * Math.sin(((index + 0.5) / BARS) * Math.PI));
  });
}

/** Length of `element` in seconds: recordings of MediaRecorder say Infinity until they were played through. */
function lengthOf(element, told) {
  return Number.isFinite(element.duration) && element.duration > 0 ? element.duration : told || 0;
}

/** A play button, a wave that is also the slider, and the time. */
export function audioPlayer(url, seconds, label, seed = url) {
  const sound = h("audio", { src: url, preload: "metadata" });
  const toggle = button({ class: "play", "aria-label": `${label}: ${t("play")}` }, icon("play"));
  const bars = heights(seed).map((height) => h("span", { style: { height: `${Math.round(height * 100)}%` } }));
  const slider = h("input", { type: "range", min: "0", max: "100", value: "0", step: "1", "aria-label": `${label}: ${t("seek")}` });
  const time = h("span", { class: "play-time" }, duration(seconds));
  const paint = () => {
    const total = lengthOf(sound, seconds);
    const part = total ? sound.currentTime / total : 0;
    slider.value = String(Math.round(part * 100));
    slider.setAttribute("aria-valuetext", `${duration(sound.currentTime)} / ${duration(total)}`);
    bars.forEach((bar, index) => bar.classList.toggle("played", index / BARS < part));
    time.textContent = duration(sound.paused && !sound.currentTime ? total : sound.currentTime);
  };
  const state = () => {
    toggle.replaceChildren(icon(sound.paused ? "play" : "pause"));
    toggle.setAttribute("aria-label", `${label}: ${t(sound.paused ? "play" : "pause")}`);
    paint();
  };
  toggle.addEventListener("click", () => {
    if (sound.paused) {
      claim(sound);
      sound.play().catch(() => state());
    } else sound.pause();
  });
  slider.addEventListener("input", () => {
    const total = lengthOf(sound, seconds);
    if (total) sound.currentTime = (Number(slider.value) / 100) * total;
  });
  for (const name of ["play", "pause"]) sound.addEventListener(name, state);
  for (const name of ["timeupdate", "loadedmetadata"]) sound.addEventListener(name, paint);
  sound.addEventListener("ended", () => {
    sound.currentTime = 0;
    state();
  });
  return h("div", { class: "voice", role: "group", "aria-label": `${label}, ${duration(seconds)}` }, sound, toggle, h("div", { class: "wave" }, h("div", { class: "wave-bars", "aria-hidden": "true" }, bars), slider), time);
}

/** A round video: silent preview, sound when pressed. */
export function roundVideo(url, seconds) {
  const film = h("video", { src: url, preload: "metadata", playsinline: true, tabindex: "-1" });
  const badge = h("span", { class: "round-time" }, duration(seconds));
  const sign = h("span", { class: "round-sign" }, icon("play"));
  const cover = button({ class: "round", "aria-label": `${t("videoNote")} ${duration(seconds)}: ${t("play")}` }, film, sign, badge);
  cover.addEventListener("click", () => {
    if (film.paused) {
      claim(film);
      film.play().catch(() => {});
    } else film.pause();
  });
  const state = () => {
    cover.classList.toggle("playing", !film.paused);
    cover.setAttribute("aria-label", `${t("videoNote")} ${duration(seconds)}: ${t(film.paused ? "play" : "pause")}`);
  };
  for (const name of ["play", "pause", "ended"]) film.addEventListener(name, state);
  film.addEventListener("timeupdate", () => {
    badge.textContent = duration(film.paused ? seconds : Math.max(0, lengthOf(film, seconds) - film.currentTime));
  });
  return cover;
}
