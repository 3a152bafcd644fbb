// Sending a location: where the browser is, or one of the larger cities.
import { sharing } from "./compose.js";
import { openDialog } from "./dialogs.js";
import { button, h } from "./dom.js";
import { icon } from "./icons.js";
import { language, t } from "./words.js";

// City centres, rounded to 0.1°: coarser than a district.
export const CITIES = [
  { ko: "서울", en: "Seoul", latitude: 37.6, longitude: 127.0 },
  { ko: "인천", en: "Incheon", latitude: 37.5, longitude: 126.7 },
  { ko: "수원", en: "Suwon", latitude: 37.3, longitude: 127.0 },
  { ko: "고양", en: "Goyang", latitude: 37.7, longitude: 126.8 },
  { ko: "성남", en: "Seongnam", latitude: 37.4, longitude: 127.1 },
  { ko: "춘천", en: "Chuncheon", latitude: 37.9, longitude: 127.7 },
  { ko: "강릉", en: "Gangneung", latitude: 37.8, longitude: 128.9 },
  { ko: "천안", en: "Cheonan", latitude: 36.8, longitude: 127.1 },
  { ko: "청주", en: "Cheongju", latitude: 36.6, longitude: 127.5 },
  { ko: "대전", en: "Daejeon", latitude: 36.4, longitude: 127.4 },
  { ko: "세종", en: "Sejong", latitude: 36.5, longitude: 127.3 },
  { ko: "전주", en: "Jeonju", latitude: 35.8, longitude: 127.1 },
  { ko: "광주", en: "Gwangju", latitude: 35.2, longitude: 126.9 },
  { ko: "대구", en: "Daegu", latitude: 35.9, longitude: 128.6 },
  { ko: "포항", en: "Pohang", latitude: 36.0, longitude: 129.3 },
  { ko: "울산", en: "Ulsan", latitude: 35.5, longitude: 129.3 },
  { ko: "부산", en: "Busan", latitude: 35.2, longitude: 129.1 },
  { ko: "창원", en: "Changwon", latitude: 35.2, longitude: 128.7 },
  { ko: "여수", en: "Yeosu", latitude: 34.8, longitude: 127.7 },
  { ko: "제주", en: "Jeju", latitude: 33.5, longitude: 126.5 },
];

/** Ask for a place; `send({latitude, longitude, live_period})` is called at most once; `timed` asks for how long to share it. */
export function pickLocation(host, send, { timed = false, title = t("locationTitle") } = {}) {
  const time = timed ? sharing() : null;
  const note = h("p", { class: "hint", role: "status" }, t("locationCities"));
  const done = (place) => {
    const seconds = time?.value() ?? 0;
    dialog.close();
    send(seconds ? { ...place, live_period: seconds } : place);
  };
  const here = button({ class: "filled wide", on: { click: () => {
    here.disabled = true;
    const failed = () => {
      here.disabled = false;
      note.textContent = t("locationFailed");
    };
    if (!navigator.geolocation) return failed();
    navigator.geolocation.getCurrentPosition(({ coords }) => done({ latitude: coords.latitude, longitude: coords.longitude }), failed, { timeout: 8000, maximumAge: 600_000 });
    return undefined;
  } } }, icon("pin"), t("locationHere"));
  const cities = h("div", { class: "cities" }, CITIES.map((city) =>
    button({ class: "chip", on: { click: () => done({ latitude: city.latitude, longitude: city.longitude }) } }, city[language()])));
  const dialog = openDialog({ title, className: "sheet", host, content: h("div", { class: "dialog-body" }, time?.element, here, note, cities) });
}
