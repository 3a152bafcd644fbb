// What people write as **bold**, __italic__, ~~struck~~, ||hidden|| and `code` becomes formatting, as Telegram's apps do it.
const MARKS = [["**", "bold"], ["__", "italic"], ["~~", "strikethrough"], ["||", "spoiler"], ["`", "code"]];

/** {text, entities}: the words without their marks. Offsets are UTF-16 units. */
export function parseMarks(source) {
  let text = "";
  const entities = [];
  let at = 0;
  while (at < source.length) {
    const found = MARKS.find(([mark]) => source.startsWith(mark, at));
    const end = found ? source.indexOf(found[0], at + found[0].length) : -1;
    const inner = end < 0 ? "" : source.slice(at + found[0].length, end);
    if (inner.trim() && !inner.includes("\n\n")) {
      const nested = found[1] === "code" ? { text: inner, entities: [] } : parseMarks(inner);
      for (const entity of nested.entities) entities.push({ ...entity, offset: entity.offset + text.length });
      entities.push({ type: found[1], offset: text.length, length: nested.text.length });
      text += nested.text;
      at = end + found[0].length;
    } else {
      text += source[at];
      at += 1;
    }
  }
  return { text, entities: entities.sort((a, b) => a.offset - b.offset || b.length - a.length) };
}

const OF = new Map(MARKS.map(([mark, type]) => [type, mark]));

/** The reverse, so that an edit does not lose the formatting; kinds without a mark are left out. */
export function withMarks(text, entities = []) {
  const points = [];
  for (const { type, offset, length } of entities) {
    const mark = OF.get(type);
    if (mark) points.push([offset, 1, -length, mark], [offset + length, 0, length, mark]);
  }
  points.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  let made = "";
  let at = 0;
  for (const [offset, , , mark] of points) {
    made += text.slice(at, offset) + mark;
    at = offset;
  }
  return made + text.slice(at);
}
