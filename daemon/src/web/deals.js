import { api, texts } from "./api.js";
import { callClient } from "./calling.js";
import { editor } from "./editor.js";
import { clearFaults, local, onSubmit, toast, values } from "./forms.js";
import { listen, refresh } from "./page.js";

const form = document.getElementById("deal-form");
const reason = document.getElementById("reason-field");
const clients = form.elements.client_id;
const search = document.getElementById("f-client-search");
const historyBox = document.getElementById("history-box");
const picked = new Set();
const again = () => refresh("deals");
let opened = null;
let planned = "";

const told = (moment) => moment && new Intl.DateTimeFormat(texts.lang, {
  timeZone: texts.time_zone, dateStyle: "medium", timeStyle: "short",
}).format(new Date(moment));

// Why is asked when a date that was there is another one.
function askWhy() {
  const closed = form.elements.step_at.disabled;
  reason.hidden = closed || !planned || form.elements.step_at.value === planned;
  form.elements.reason.disabled = reason.hidden;
  form.elements.reason.required = !reason.hidden && !("noReason" in form.dataset);
}

function show(_, data) {
  opened = data || null;
  planned = data ? form.elements.step_at.value : "";
  clients.replaceChildren();
  clients.required = !data;
  form.elements.staff_id.options[0].textContent = data ? texts.nobody : texts.by_reception;
  document.getElementById("deal-history").replaceChildren();
  if (!data) {
    const client = new URLSearchParams(location.search).get("client_id");
    if (client) offer(client);
    else find();
  }
  // after the dialog has set what depends on the stage
  queueMicrotask(askWhy);
}

async function offer(id) {
  const { data } = await api("GET", `/clients/${encodeURIComponent(id)}`);
  clients.replaceChildren(new Option(`${data.name} · ${data.number}`, data.id));
}

let searching;
async function find() {
  const mine = searching = Symbol("search");
  const { data } = await api("GET", `/clients?limit=20&search=${encodeURIComponent(search.value.trim())}`);
  if (mine !== searching) return;
  const found = data.items.map((client) => new Option(`${client.name} · ${client.number}`, client.id));
  clients.replaceChildren(...(found.length > 0 ? found : [new Option(texts.client_nobody, "")]));
}

search.addEventListener("input", () => {
  clearTimeout(find.timer);
  find.timer = setTimeout(() => find().catch((problem) => toast(problem.text)), 200);
});
form.addEventListener("input", askWhy);
form.addEventListener("change", () => queueMicrotask(askWhy));

editor({
  kind: "deal", path: "/deals", part: "deals", show,
  read: (data) => ({ ...data, step_at: local(data.step_at), source: null }),
  write: (body) => {
    if (opened) delete body.client_id;
    else delete body.stage;
    return body;
  },
});

function line(change) {
  const person = (id) => [...form.elements.staff_id.options].find((option) => option.value === id)?.textContent || texts.unknown_caller;
  const word = (value) => (change.what === "stage" ? texts[`stage_${value}`] : texts[value]) || value;
  const parts = [`${told(change.at)} · ${change.author_name}: ${texts[change.what]}`];
  if (change.what === "owner") parts.push(`${change.before ? person(change.before) : "—"} → ${change.after ? person(change.after) : "—"}`);
  else if (change.what === "step") parts.push(`${told(change.step_at_before) || "—"} → ${told(change.step_at) || "—"}`);
  else if (change.what === "created") parts.push(told(change.step_at));
  else parts.push(`${word(change.before)} → ${word(change.after)}`);
  if (change.step_text) parts.push(change.step_text);
  const item = document.createElement("li");
  item.textContent = parts.filter(Boolean).join(" · ");
  if (change.reason) {
    const why = document.createElement("span");
    why.className = "sub";
    why.textContent = change.reason;
    item.append(why);
  }
  return item;
}

historyBox.addEventListener("toggle", async () => {
  if (!historyBox.open || !opened) return;
  try {
    const { data } = await api("GET", `/deals/${opened.id}/history?limit=50`);
    document.getElementById("deal-history").replaceChildren(...data.items.map(line));
  } catch (problem) {
    toast(problem.text);
  }
});

function count() {
  const box = document.getElementById("chosen");
  if (!box) return;
  for (const mark of document.querySelectorAll("[data-pick]")) mark.checked = picked.has(mark.closest("tr").dataset.id);
  const here = new Set([...document.querySelectorAll("#deal-table tr[data-id]")].map((row) => row.dataset.id));
  for (const id of picked) if (!here.has(id)) picked.delete(id);
  box.hidden = picked.size === 0;
  for (const place of ["chosen-count", "hand-over-count"]) document.getElementById(place).textContent = picked.size;
}

document.addEventListener("change", (event) => {
  const mark = event.target.closest("[data-pick]");
  if (!mark) return;
  const { id } = mark.closest("tr").dataset;
  if (mark.checked) picked.add(id);
  else picked.delete(id);
  count();
});
document.addEventListener("refreshed", count);

const handOver = document.getElementById("hand-over");
document.getElementById("hand-over-open")?.addEventListener("click", () => {
  clearFaults(handOver.querySelector("form"));
  handOver.querySelector("form").reset();
  handOver.showModal();
});
if (handOver) {
  onSubmit(handOver.querySelector("form"), async (event) => {
    const body = { ...values(event.target), deal_ids: [...picked] };
    const { data } = await api("POST", "/deals/hand-over", { body });
    picked.clear();
    handOver.close();
    toast(`${texts.handed_over}: ${data.deals}`);
    again();
  });
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-call]")?.closest("tr");
  if (row) callClient(row.dataset.client);
});

if (location.hash === "#new") {
  history.replaceState(null, "", location.pathname + location.search);
  document.querySelector('[data-add="deal"]')?.click();
}

listen({ "deal.created": again, "deal.changed": again }, again);
// A step becomes overdue by itself.
setInterval(again, 60_000);
