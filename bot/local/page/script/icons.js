// The page's own icons: 24×24 stroke drawings.
const PATHS = {
  send: "M4 11.5 20 4l-4.5 16-4-6.5zM11.500 13.500 20 4",
  mic: "M12 3.500a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v3",
  clip: "M19 11.500 11.800 18.700a4.600 4.600 0 0 1-6.500-6.500l7.700-7.700a3.100 3.100 0 0 1 4.400 4.400l-7.500 7.500a1.500 1.500 0 0 1-2.200-2.200l6.700-6.700",
  smile: "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17zM8.500 14.200c1.800 2.400 5.200 2.400 7 0M9 9.500v.4M15 9.500v.4",
  slash: "M5.500 4h13A1.500 1.500 0 0 1 20 5.500v13a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 18.500v-13A1.500 1.500 0 0 1 5.500 4zM10 16.500l4-9",
  down: "M6 9.500l6 6 6-6",
  more: "M12 5.500v.1M12 12v.1M12 18.500v.1",
  reply: "M10 6.500 4.500 12l5.500 5.500V14c4.500 0 7.500 1 9.500 4-.5-5.500-3.500-8.500-9.500-8.500z",
  edit: "M5 19l.8-3.800L16.500 4.500a1.600 1.600 0 0 1 2.300 0l.7.7a1.600 1.600 0 0 1 0 2.300L8.800 18.200zM14.500 6.500l3 3",
  copy: "M9 8.500h9.500V20H9zM5.500 15.500v-11H15",
  close: "M6 6l12 12M18 6 6 18",
  check: "M4.500 12.500l5 5 10-11",
  trash: "M5 7h14M9.500 7V4.500h5V7M7 7l.8 12.500h8.400L17 7",
  photo: "M4 6.500A1.500 1.500 0 0 1 5.500 5h13A1.500 1.500 0 0 1 20 6.500v11a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 17.500zM4.500 16.500 9.500 11l4 4.500 2.500-2.500 3.500 3.500M15 9.500v.1",
  camera: "M4 8.500A1.500 1.500 0 0 1 5.500 7H8l1.500-2.500h5L16 7h2.500A1.500 1.500 0 0 1 20 8.500v9a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 17.500zM12 9.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7z",
  file: "M6.500 3.500h7l4.500 4.500v12.500h-11.500zM13 3.500V8.500h5",
  pin: "M12 21c4.500-4.800 6.500-8.200 6.500-11a6.500 6.500 0 0 0-13 0c0 2.800 2 6.200 6.500 11zM12 7.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5z",
  person: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.500 20.500c1-4.500 4-6 7.500-6s6.500 1.500 7.500 6",
  play: "M8 5.500v13l10.500-6.500z",
  pause: "M8.500 6v12M15.500 6v12",
  stop: "M7 7h10v10H7z",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400",
  moon: "M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z",
  globe: "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17zM3.500 12h17M12 3.500c-5 5.500-5 11.500 0 17M12 3.500c5 5.500 5 11.500 0 17",
  retry: "M19 12a7 7 0 1 1-2.200-5.100M19 3.500v4h-4",
  alert: "M12 4 3 19.500h18zM12 10v4.500M12 17v.1",
  clock: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4.500l3 2",
  keyboard: "M3.500 7A1.500 1.500 0 0 1 5 5.500h14A1.500 1.500 0 0 1 20.500 7v10a1.500 1.500 0 0 1-1.500 1.500H5A1.500 1.500 0 0 1 3.500 17zM7 9.500h.1M10.300 9.500h.1M13.700 9.500h.1M17 9.500h.1M8 14.500h8",
  block: "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17zM6 6l12 12",
  link: "M8 16 17 7M10 6.500h7.500V14",
  save: "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M5 19.500h14",
};
const SVG = "http://www.w3.org/2000/svg";

/** An icon that assistive technology ignores: its button carries the label. */
export function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name} ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Sent marks: one tick, or two when the bot has fetched the message. */
export function ticks(read) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 12");
  svg.setAttribute("class", "ticks");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", read ? "M1.500 6.500 5 10 12 2M8.500 8.500 10 10 17 2" : "M4.500 6.500 8 10 15 2");
  svg.append(path);
  return svg;
}
