// The page's side of the server's /page API.

/** A refusal by the server: `status` is the HTTP status, 0 where the server was not reached. */
export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }

  /** Whether sending the same again later may work. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "omit", cache: "no-store", ...options });
  } catch (error) {
    throw new ApiError(String(error?.message ?? error), 0);
  }
  let body = null;
  try {
    body = await response.json();
  } catch {
    if (response.ok) throw new ApiError("the server's answer is not JSON", 502);
  }
  if (!response.ok) throw new ApiError(body?.description ?? body?.error ?? response.statusText, response.status);
  return body;
}

function post(path, body, signal) {
  return call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}), signal });
}

export const api = {
  state: () => call("/page/state"),
  chat: (user) => call(`/page/chats/${user}?after=0`),
  text: (user, item) => post(`/page/chats/${user}/messages`, { text: item.text, entities: item.entities, reply_to: item.replyTo, quote: item.quote }),
  upload(user, item) {
    const form = new FormData();
    form.append("kind", item.kind);
    if (item.text) form.append("caption", item.text);
    if (item.entities?.length) form.append("caption_entities", JSON.stringify(item.entities));
    if (item.replyTo) form.append("reply_to", String(item.replyTo));
    if (item.quote) form.append("quote", item.quote);
    if (item.spoiler) form.append("has_spoiler", "true");
    if (item.album) form.append("media_group_id", item.album);
    for (const name of ["width", "height"]) if (item[name]) form.append(name, String(item[name]));
    if (item.duration) form.append("duration", String(Math.round(item.duration)));
    form.append("file", item.file, item.filename ?? "file");
    return call(`/page/chats/${user}/messages`, { method: "POST", body: form });
  },
  /** Something without a file: location, contact, poll, dice; `item.body` is what the server is told of it. */
  card: (user, item) => post(`/page/chats/${user}/${item.kind}`, { ...item.body, reply_to: item.replyTo, quote: item.quote }),
  act: (user, name, body) => post(`/page/chats/${user}/${name}`, body),
  replace(user, messageId, { kind, file, filename, spoiler }) {
    const form = new FormData();
    form.append("message_id", String(messageId));
    form.append("kind", kind);
    if (spoiler) form.append("has_spoiler", "true");
    form.append("file", file, filename ?? "file");
    return call(`/page/chats/${user}/edit`, { method: "POST", body: form });
  },
  callback: (user, messageId, data) => post(`/page/chats/${user}/callback`, { message_id: messageId, data }, AbortSignal.timeout(15_000)),
  reaction: (user, messageId, emoji) => post(`/page/chats/${user}/reaction`, { message_id: messageId, emoji }),
  edit: (user, messageId, text, entities) => post(`/page/chats/${user}/edit`, { message_id: messageId, text, entities }),
  block: (user, blocked) => post(`/page/chats/${user}/${blocked ? "block" : "unblock"}`),
  addPerson: (name, language) => post("/page/people", { name, language }),
  updatePerson: (user, fields) => post(`/page/people/${user}`, fields),
};

/** Address of a file of the chat. */
export function fileUrl(fileId) {
  return `/page/files/${encodeURIComponent(fileId)}`;
}
