import { api, texts } from "./api.js";
import { confirm, toast } from "./forms.js";
import { listen, refresh } from "./page.js";

const player = document.getElementById("player");
const audio = document.getElementById("audio");
const title = document.getElementById("player-title");

function play(recording, name) {
  title.textContent = name;
  audio.src = `/api/v1/recordings/${recording}/media`;
  player.hidden = false;
  audio.play().catch(() => {});
  audio.focus();
}

function stop() {
  audio.pause();
  audio.removeAttribute("src");
  audio.load();
  player.hidden = true;
}

document.getElementById("player-close").addEventListener("click", stop);
audio.addEventListener("error", () => {
  if (audio.hasAttribute("src")) title.textContent = texts.failed;
});

async function why(id, name) {
  const { data } = await api("GET", `/calls/${id}/explain`);
  document.getElementById("why-call").textContent = name;
  const lines = data.sentences.map((text) => Object.assign(document.createElement("li"), { textContent: text }));
  document.getElementById("why-list").replaceChildren(...lines);
  document.getElementById("why-dialog").showModal();
}

async function callBack(id) {
  await api("POST", "/calls", { body: { call_id: id } });
  toast(texts.calling);
}

document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-why], [data-call]");
  const { id, name } = asked?.closest("tr").dataset || {};
  if (asked) {
    const done = asked.hasAttribute("data-why") ? why(id, name) : callBack(id);
    done.catch((problem) => toast(problem.text || texts.failed));
    return;
  }
  const button = event.target.closest("[data-play], [data-delete], [data-hang-up]");
  const row = button?.closest("tr");
  if (!row) return;
  const recording = button.closest("[data-recording]")?.dataset.recording;
  if (button.hasAttribute("data-play")) {
    play(recording, row.dataset.name);
  } else if (button.hasAttribute("data-delete")) {
    confirm({
      title: texts.delete_recording, text: texts.delete_recording_text, what: row.dataset.name, yes: texts.delete,
      action: async () => {
        await api("DELETE", `/recordings/${recording}`);
        if (audio.src.includes(recording)) stop();
        refresh("history");
      },
    });
  } else {
    confirm({
      title: texts.hang_up_ask, text: "", what: row.dataset.name, yes: texts.hang_up,
      action: async () => {
        await api("POST", `/calls/${row.dataset.id}/hangup`);
        refresh("live");
      },
    });
  }
});

// Timers run on the server's clock, whatever this computer's says.
let offset = 0;
function synchronize() {
  offset = Number(document.body.dataset.now) - Date.now();
  tick();
}

function tick() {
  for (const place of document.querySelectorAll("[data-from]")) {
    const seconds = Math.max(0, Math.floor((Date.now() + offset - Number(place.dataset.from)) / 1000));
    if (!Number.isFinite(seconds) || place.dataset.from === "") continue;
    const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const pad = (value) => String(value).padStart(2, "0");
    place.textContent = hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
  }
}

document.addEventListener("refreshed", synchronize);
synchronize();
setInterval(tick, 1000);

const now = () => refresh("live");
const both = () => refresh("live", "missed", "history");
const history = () => refresh("history");
listen({
  "call.created": now, "call.ringing": now, "call.queued": now, "call.answered": now, "call.held": now, "call.transferred": now, "call.ended": both,
  "recording.ready": history, "recording.failed": history, "recording.deleted": history,
}, both);
