// Taking a photo or a round video with the camera; without one, the system's own camera or file dialog.
import { openDialog } from "./dialogs.js";
import { button, h } from "./dom.js";
import { icon } from "./icons.js";
import { ending, record, recordable } from "./recorder.js";
import { t } from "./words.js";

const TYPES = ["video/mp4;codecs=avc1,mp4a.40.2", "video/webm;codecs=vp8,opus", "video/webm"];
const LONGEST = 60;

/** A file input that prefers the camera; `take(files)` gets what was picked. */
export function captureInput(take) {
  const input = h("input", { type: "file", accept: "image/*", capture: "user", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true" });
  input.addEventListener("change", () => {
    if (input.files.length) take([...input.files]);
    input.remove();
  });
  document.body.append(input);
  input.click();
}

function still(video) {
  const canvas = h("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
}

/** Open the camera. `photo(file)` gets a JPEG; `round(content)` a video note ready to send. */
export async function openCamera({ host, photo, round }) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 960 } } });
  } catch {
    noCamera(host, photo);
    return;
  }
  const video = h("video", { playsinline: true, autoplay: true, "aria-label": t("camera") });
  video.muted = true;
  video.srcObject = stream;
  const finder = h("div", { class: "finder" }, video);
  const controls = h("div", { class: "dialog-actions camera-actions" });
  let recording = null;
  const release = () => {
    recording?.cancel();
    stream.getTracks().forEach((track) => track.stop());
  };
  const dialog = openDialog({ title: t("camera"), className: "sheet camera", host, content: h("div", { class: "dialog-body" }, finder, controls), onClose: release });
  const shoot = async () => {
    if (!video.videoWidth) return;
    const file = await still(video);
    dialog.close();
    if (file) photo(new File([file], "camera.jpg", { type: "image/jpeg" }));
  };
  const film = async () => {
    if (recording) {
      const { file, seconds } = await recording.finish();
      recording = null;
      dialog.close();
      round({ kind: "video_note", file, filename: `round.${ending(file.type)}`, duration: Math.max(1, seconds) });
      return;
    }
    const type = recordable(TYPES);
    const sound = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
    recording = record(new MediaStream([...stream.getTracks(), ...(sound?.getTracks() ?? [])]), type);
    finder.classList.add("filming");
    controls.replaceChildren(button({ class: "filled", on: { click: film } }, icon("stop"), t("roundStop")));
    controls.firstChild.focus();
    window.setTimeout(() => recording && film(), LONGEST * 1000);
  };
  controls.append(
    window.MediaRecorder ? button({ class: "quiet", on: { click: film } }, icon("camera"), t("roundStart")) : "",
    button({ class: "filled", autofocus: true, on: { click: shoot } }, icon("photo"), t("shoot")));
  controls.lastChild.focus();
}

function noCamera(host, photo) {
  const dialog = openDialog({ title: t("camera"), className: "sheet", host, content: h("div", { class: "dialog-body" },
    h("p", {}, t("cameraDenied")),
    h("div", { class: "dialog-actions" }, button({ class: "filled", autofocus: true, on: { click: () => { dialog.close(); captureInput((files) => photo(files[0])); } } }, icon("photo"), t("chooseFile")))) });
}
