// Recording voice with MediaRecorder.
import { toast } from "./dialogs.js";
import { button, h } from "./dom.js";
import { duration } from "./format.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4", "audio/webm"];

/** The first type of `types` that this browser can record, or "". */
export function recordable(types) {
  return types.find((type) => window.MediaRecorder?.isTypeSupported?.(type)) ?? "";
}

/** File name ending for a recorded type. */
export function ending(type) {
  if (type.includes("ogg")) return "ogg";
  return type.includes("mp4") ? "mp4" : "webm";
}

/** Record from `stream`; `finish()` resolves to {file, seconds}, `cancel()` throws it away. Both release the devices. */
export function record(stream, type) {
  const recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
  const parts = [];
  const began = performance.now();
  recorder.addEventListener("dataavailable", (event) => event.data.size && parts.push(event.data));
  recorder.start(250);
  const release = () => stream.getTracks().forEach((track) => track.stop());
  return {
    seconds: () => (performance.now() - began) / 1000,
    finish: () => new Promise((resolve) => {
      const seconds = (performance.now() - began) / 1000;
      recorder.addEventListener("stop", () => {
        release();
        resolve({ file: new Blob(parts, { type: (recorder.mimeType || type).split(";")[0] }), seconds });
      });
      recorder.stop();
    }),
    cancel() {
      if (recorder.state !== "inactive") recorder.stop();
      release();
    },
  };
}

/** Start a voice recording; resolves to a bar for the composer, or null where there is no microphone. `done(content|null)`. */
export async function voiceBar(toasts, done) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    toast(t("micDenied"), toasts);
    return null;
  }
  const type = recordable(TYPES);
  const recording = record(stream, type);
  const time = h("span", { class: "record-time", role: "timer" }, "0:00");
  const timer = window.setInterval(() => { time.textContent = duration(recording.seconds()); }, 250);
  const end = (content) => {
    window.clearInterval(timer);
    done(content);
  };
  const cancel = () => {
    recording.cancel();
    end(null);
  };
  const send = async () => {
    const { file, seconds } = await recording.finish();
    end({ kind: "voice", file, filename: `voice.${ending(type)}`, duration: Math.max(1, seconds) });
  };
  const bar = h("div", { class: "record-bar", role: "group", "aria-label": t("recording") },
    button({ class: "tool-button", "aria-label": t("recordCancel"), title: t("recordCancel"), on: { click: cancel } }, icon("trash")),
    h("span", { class: "record-dot", "aria-hidden": "true" }), h("span", { class: "record-label" }, t("recording")), time,
    button({ class: "send-button", "aria-label": t("recordSend"), title: t("recordSend"), autofocus: true, on: { click: send } }, icon("send")));
  bar.addEventListener("keydown", (event) => event.key === "Escape" && cancel());
  return bar;
}
