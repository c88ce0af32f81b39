// What every page does: parts that are read anew from the server, events, logging out.

import { api, texts, toLogin } from "./api.js";
import { raise } from "./card.js";
import { toast } from "./forms.js";

const EVERY_MS = 600;
const PENDING_MS = 3000;
const waiting = new Set();
let busy = false;
let last = 0;

// Reads the page anew and exchanges the named parts; many calls in a row become one.
export function refresh(...names) {
  for (const name of names) waiting.add(name);
  if (busy) return;
  busy = true;
  setTimeout(run, Math.max(50, last + EVERY_MS - Date.now()));
}

async function run() {
  const names = [...waiting];
  waiting.clear();
  last = Date.now();
  try {
    const response = await fetch(location.href, { headers: { accept: "text/html" }, credentials: "same-origin" });
    if (response.redirected && new URL(response.url).pathname === "/login") return toLogin();
    if (response.ok) exchange(new DOMParser().parseFromString(await response.text(), "text/html"), names);
  } catch {
    // the event stream says that there is no connection
  } finally {
    busy = false;
    if (waiting.size > 0) refresh();
  }
}

function exchange(fresh, names) {
  document.body.dataset.now = fresh.body.dataset.now;
  for (const name of names) {
    const selector = `[data-part="${name}"]`;
    const [present, next] = [document.querySelector(selector), fresh.querySelector(selector)];
    if (!present || !next || present.innerHTML === next.innerHTML) continue;
    const focus = focusIn(present);
    present.replaceWith(document.adoptNode(next));
    if (focus) document.querySelector(focus)?.focus();
  }
  document.dispatchEvent(new CustomEvent("refreshed"));
}

function focusIn(part) {
  const control = document.activeElement;
  const id = control?.closest("tr")?.dataset.id;
  if (!id || !part.contains(control)) return null;
  const mark = [...control.attributes].find((attribute) => attribute.name.startsWith("data-"));
  return mark ? `tr[data-id="${CSS.escape(id)}"] [${mark.name}]` : null;
}

// What is done with a click: it says so and shows the parts anew, or says what went wrong.
export async function act(action, done, ...parts) {
  try {
    await action();
    if (done) toast(done);
    if (parts.length > 0) refresh(...parts);
  } catch (problem) {
    toast(problem.text || texts.failed);
  }
}

// Reads the parts anew as long as rows of them are `data-pending`.
export function watch(...parts) {
  setInterval(() => {
    const pending = parts.some((part) => document.querySelector(`[data-part="${part}"] [data-pending]`));
    const reading = document.querySelector("details[open], dialog[open]");
    if (pending && !reading && document.visibilityState === "visible") refresh(...parts);
  }, PENDING_MS);
}

// `handlers` maps an event's name to what is done; `lost` runs when events were missed.
export function listen(handlers, lost) {
  const feed = document.querySelector("[data-feed]");
  const say = (state, text) => {
    if (!feed) return;
    feed.className = `feed status ${state}`;
    feed.textContent = text;
  };
  const source = new EventSource(`/api/v1/events?since=${document.body.dataset.since}`);
  let wasOpen = false;
  source.onopen = () => {
    say("online", texts.live);
    if (wasOpen) lost();
    wasOpen = true;
  };
  source.onerror = () => {
    say("offline", texts.offline);
    api("GET", "/me").catch(() => {});
    if (source.readyState === EventSource.CLOSED) setTimeout(() => { source.close(); listen(handlers, lost); lost(); }, 3000);
  };
  source.addEventListener("events.missed", lost);
  source.addEventListener("call.card", (event) => raise(JSON.parse(event.data)));
  for (const [name, handler] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handler(JSON.parse(event.data)));
  }
  addEventListener("pagehide", () => source.close());
}

for (const link of document.querySelectorAll(".nav [aria-current], .parts [aria-current]")) link.scrollIntoView({ block: "nearest", inline: "center" });

document.getElementById("log-out")?.addEventListener("click", async () => {
  try {
    await api("POST", "/logout");
    location.assign("/login");
  } catch (problem) {
    toast(problem.text || texts.failed);
  }
});
