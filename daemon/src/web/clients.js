import { api, texts } from "./api.js";
import { callClient } from "./calling.js";
import { clearFaults, confirm, fill, onSubmit, toast, values } from "./forms.js";
import { listen, refresh } from "./page.js";
import { showTimeline, timelineChanged } from "./timeline.js";

const dialog = document.getElementById("client-dialog");
const form = document.getElementById("client-form");
let open = null;
// The call that a new client is made from: the number may be hidden from whoever does it.
let call = null;

function show(client, version) {
  open = client ? { id: client.id, version, before: client } : null;
  call = null;
  clearFaults(form);
  form.reset();
  if (client) fill(form, client);
  showDeals(client);
  for (const only of ["client-call", "client-timeline"]) {
    const button = document.getElementById(only);
    if (button) button.hidden = !client;
  }
  document.getElementById("client-title").textContent = client ? dialog.dataset.titleEdit : dialog.dataset.titleNew;
  dialog.showModal();
  form.elements.name.focus();
}

// Leads and deals with the client, as far as the reader may see them.
async function showDeals(client) {
  const place = document.getElementById("client-deals");
  if (!place) return;
  place.hidden = !client;
  const list = place.querySelector("[data-list]");
  list.replaceChildren();
  if (!client) return;
  place.querySelector("[data-all]").href = `/deals?client_id=${encodeURIComponent(client.id)}`;
  const { data } = await api("GET", `/deals?client_id=${encodeURIComponent(client.id)}&limit=10`);
  if (open?.id !== client.id) return;
  place.querySelector("[data-none]").hidden = data.items.length > 0;
  for (const deal of data.items) {
    const item = document.createElement("li");
    item.textContent = deal.title;
    const when = document.createElement("span");
    when.className = deal.overdue ? "sub status overdue" : "sub";
    const format = { dateStyle: "medium", timeStyle: "short", timeZone: texts.time_zone };
    const moment = deal.step_at && new Date(deal.step_at).toLocaleString(texts.lang, format);
    when.textContent = [deal.overdue && texts.overdue, moment, deal.step_text].filter(Boolean).join(" · ");
    item.append(when);
    list.append(item);
  }
}

if (form) {
  onSubmit(form, async () => {
    const wanted = values(form);
    if (open) {
      const changed = Object.entries(wanted).filter(([name, value]) => value !== (open.before[name] ?? null));
      if (changed.length > 0) {
        await api("PATCH", `/clients/${open.id}`, { body: Object.fromEntries(changed), version: open.version });
      }
    } else {
      const given = Object.entries(wanted).filter(([, value]) => value !== null);
      if (call) given.push(["call_id", call]);
      await api("POST", "/clients", { body: Object.fromEntries(given) });
    }
    dialog.close();
    refresh("clients");
  });
}

async function edit(id) {
  try {
    const { data, version } = await api("GET", `/clients/${id}`);
    show(data, version);
  } catch (problem) {
    toast(problem.text);
  }
}

// Where the card of a caller leads: `#id`, or `#new=call&number=...`.
function follow() {
  const hash = location.hash.slice(1);
  if (!form || !hash) return;
  history.replaceState(null, "", location.pathname + location.search);
  if (!hash.startsWith("new=")) return edit(encodeURIComponent(hash));
  const asked = new URLSearchParams(hash);
  show(null);
  call = asked.get("new");
  form.elements.number.value = asked.get("number") || "";
}

addEventListener("hashchange", follow);
follow();

document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-add]")) return show(null);
  const button = event.target.closest("[data-call], [data-edit], [data-delete], [data-timeline]");
  if (button?.id === "client-call") return callClient(open.id);
  if (button?.id === "client-timeline") return showTimeline(open.id, open.before.name);
  const row = button?.closest("tr");
  if (!row) return;
  const { id, name } = row.dataset;
  if (button.hasAttribute("data-call")) {
    callClient(id);
  } else if (button.hasAttribute("data-timeline")) {
    showTimeline(id, name);
  } else if (button.hasAttribute("data-edit")) {
    edit(id);
  } else {
    confirm({
      title: texts.delete_client, text: texts.delete_client_text, what: name, yes: texts.delete,
      action: async () => {
        await api("DELETE", `/clients/${id}`);
        refresh("clients");
      },
    });
  }
});

const again = () => refresh("clients");
const changed = (event) => {
  again();
  timelineChanged(event);
};
listen({ "client.changed": changed }, again);
