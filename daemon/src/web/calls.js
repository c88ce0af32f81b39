import { api, texts } from "./api.js";
import { confirm, toast } from "./forms.js";
import { listen, refresh } from "./page.js";
import { play, playing, stop } from "./player.js";
import "./timer.js";

async function why(id, name) {
  const { data } = await api("GET", `/calls/${id}/explain?lang=${texts.lang}`);
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
    play(`/api/v1/recordings/${recording}/media`, row.dataset.name);
  } else if (button.hasAttribute("data-delete")) {
    confirm({
      title: texts.delete_recording, text: texts.delete_recording_text, what: row.dataset.name, yes: texts.delete,
      action: async () => {
        await api("DELETE", `/recordings/${recording}`);
        if (playing(recording)) stop();
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

const now = () => refresh("live");
const both = () => refresh("live", "missed", "history");
const history = () => refresh("history");
listen({
  "call.created": now, "call.ringing": now, "call.queued": now, "call.answered": now, "call.held": now, "call.transferred": now, "call.ended": both,
  "recording.ready": history, "recording.failed": history, "recording.deleted": history,
}, both);
