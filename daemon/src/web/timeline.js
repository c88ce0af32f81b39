// What has happened with a client, and notes that are written, corrected and deleted there.

import { api, texts } from "./api.js";
import { clearFaults, confirm, onSubmit, toast } from "./forms.js";
import { play, stop } from "./player.js";

const AT_ONCE = 20;

const dialog = document.getElementById("timeline-dialog");
const form = document.getElementById("timeline-form");
const list = document.getElementById("timeline-list");
const more = document.getElementById("timeline-more");
const none = document.getElementById("timeline-none");
const send = document.getElementById("note-send");
const plays = "plays" in dialog.dataset;
let client = null;
let cursor = null;
// the note that is corrected
let open = null;

const path = () => `/clients/${encodeURIComponent(client)}/timeline`;

function told(moment) {
  const format = { dateStyle: "medium", timeStyle: "short", timeZone: texts.time_zone };
  return moment ? new Date(moment).toLocaleString(texts.lang, format) : "";
}

function lasted(ms) {
  const seconds = Math.floor((ms || 0) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

const named = ({ name, number }) => name || number || texts.unknown_caller;

// What each kind says: its head, its words, and what sounds.
const kinds = {
  call: (call) => ({
    head: texts[`call_${call.direction}`] || texts.call,
    words: [
      `${named(call.caller)} → ${named(call.callee)}`, texts[call.disposition === "failed" ? "failed_call" : call.disposition],
      call.talked_ms && lasted(call.talked_ms),
    ],
    sound: plays && call.recordings.filter(({ state }) => state === "ready").map(({ id }) => `/api/v1/recordings/${id}/media`)[0],
  }),
  voicemail: (message) => ({
    head: texts.voicemail,
    words: [named(message.caller), lasted(message.duration_ms), !message.heard_at && texts.not_heard],
    sound: `/api/v1/voicemails/${message.id}/media`,
  }),
  request: (request) => ({
    head: `${texts.request} · ${request.site_name}`,
    words: [request.subject, texts[`request_${request.state}`]],
    below: request.comment,
  }),
  deal: (change) => {
    const word = (value) => (change.what === "stage" ? texts[`stage_${value}`] : texts[value]) || value;
    const moved = change.what === "stage" || change.what === "kind";
    const step = [change.step_at_before && `${told(change.step_at_before)} →`, told(change.step_at)].filter(Boolean).join(" ");
    return {
      head: `${change.title} · ${texts[`deal_${change.what}`]}`,
      words: [moved ? `${word(change.before)} → ${word(change.after)}` : step, change.step_text, change.author_name],
      below: change.reason,
    };
  },
  note: (note) => ({ head: `${texts.note} · ${note.author_name}`, words: [], below: note.body, note }),
};

function element(kind, text, name) {
  const made = document.createElement(kind);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

function button(mark, text, of) {
  const made = element("button", text, "quiet small");
  made.type = "button";
  made.dataset[mark] = "";
  made.setAttribute("aria-label", `${text}: ${of}`);
  return made;
}

function line(happening) {
  const { head, words, below, sound, note } = kinds[happening.kind](happening[happening.kind]);
  const item = document.createElement("li");
  item.dataset.kind = happening.kind;
  const when = element("time", told(happening.at), "sub");
  when.dateTime = happening.at;
  item.append(element("b", head), when);
  if (words.some(Boolean)) item.append(element("span", words.filter(Boolean).join(" · "), "said"));
  if (below) item.append(element("p", below, "words"));
  const acts = element("span", "", "acts");
  if (sound) {
    acts.append(button("play", texts.play, `${head}, ${told(happening.at)}`));
    item.dataset.sound = sound;
    item.dataset.name = `${head}, ${told(happening.at)}`;
  }
  if (note) {
    if (note.edited_at) item.append(element("span", `${texts.edited} ${told(note.edited_at)}`, "sub"));
    item.dataset.note = note.id;
    item.dataset.name = note.body;
    if (note.may_change && send) acts.append(button("correct", texts.edit_note, note.body), button("remove", texts.delete, note.body));
  }
  if (acts.hasChildNodes()) item.append(acts);
  return item;
}

async function read(fresh) {
  const of = client;
  const { data } = await api("GET", `${path()}?limit=${AT_ONCE}${fresh || !cursor ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
  if (of !== client) return;
  const lines = data.items.map(line);
  if (fresh) list.replaceChildren(...lines);
  else list.append(...lines);
  cursor = data.next_cursor || null;
  more.hidden = !cursor;
  none.hidden = list.hasChildNodes() || Boolean(cursor);
}

const again = () => read(true).catch((problem) => toast(problem.text || texts.failed));

function write(note) {
  open = note;
  clearFaults(form);
  if (!send) return;
  form.elements.body.value = note ? note.body : "";
  send.textContent = note ? texts.note_correct : texts.note_add;
  document.getElementById("note-cancel").hidden = !note;
  if (note) form.elements.body.focus();
}

export function showTimeline(id, name) {
  client = id;
  cursor = null;
  document.getElementById("timeline-who").textContent = name;
  list.replaceChildren();
  [more.hidden, none.hidden] = [true, true];
  write(null);
  dialog.showModal();
  again();
}

// Something has changed about a client, perhaps the one whose history is shown.
export function timelineChanged({ client_id: id }) {
  if (dialog.open && id === client && !open) again();
}

onSubmit(form, async () => {
  const body = { body: form.elements.body.value };
  if (open) await api("PATCH", `/client-notes/${open.id}`, { body, version: open.version });
  else await api("POST", path(), { body });
  write(null);
  await read(true);
});

dialog.addEventListener("close", stop);

more.addEventListener("click", () => read(false).catch((problem) => toast(problem.text || texts.failed)));
document.getElementById("note-cancel")?.addEventListener("click", () => write(null));

list.addEventListener("click", async (event) => {
  const pressed = event.target.closest("button");
  const item = pressed?.closest("li");
  if (!item) return;
  const { note, sound, name } = item.dataset;
  if ("play" in pressed.dataset) return play(sound, name);
  try {
    const { data, version } = await api("GET", `/client-notes/${note}`);
    if ("correct" in pressed.dataset) return write({ id: note, body: data.body, version });
    confirm({
      title: texts.delete_note, text: texts.delete_note_text, what: data.body, yes: texts.delete,
      action: async () => {
        await api("DELETE", `/client-notes/${note}`, { version });
        if (open?.id === note) write(null);
        await read(true);
      },
    });
  } catch (problem) {
    toast(problem.text || texts.failed);
  }
});
