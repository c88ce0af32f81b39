// Speaks to /api/v1 as any other program does.

export const texts = JSON.parse(document.body.dataset.texts || "{}");

export class Problem extends Error {
  constructor(status, body) {
    super(body.title || "");
    this.status = status;
    this.code = body.code || "";
    this.fields = body.fields || [];
    this.detail = body.detail || "";
  }

  get text() {
    return texts[this.code === "offline" ? "phone_offline" : this.code] || (texts.lang === "en" && (this.detail || this.message)) || texts.failed;
  }
}

// `file` is sent as it is in the place of `body`.
export async function api(method, path, { body, file, version } = {}) {
  const headers = { accept: "application/json" };
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) headers["x-csrf-token"] = token;
  if (file) headers["content-type"] = file.type || "application/octet-stream";
  else if (body !== undefined) headers["content-type"] = "application/json";
  if (version) headers["if-match"] = version;
  let response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method, headers, body: file || (body === undefined ? undefined : JSON.stringify(body)), credentials: "same-origin",
    });
  } catch {
    throw new Problem(0, {});
  }
  const data = await response.json().catch(() => ({}));
  if (response.status === 401 && path !== "/login") toLogin();
  if (!response.ok) throw new Problem(response.status, data);
  return { data, version: response.headers.get("etag") };
}

// All of a list that comes in pages.
export async function whole(path) {
  const items = [];
  let cursor = null;
  do {
    const { data } = await api("GET", cursor ? `${path}?cursor=${encodeURIComponent(cursor)}` : path);
    items.push(...data.items);
    cursor = data.next_cursor || null;
  } while (cursor);
  return items;
}

export function toLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}
