// A file is looked at, its columns are named, and it is brought in.

import { api, texts } from "./api.js";
import { onSubmit, showFaults, toast } from "./forms.js";
import { listen, refresh, watch } from "./page.js";

const form = document.getElementById("import-form");
const found = document.getElementById("import-found");
const bring = document.getElementById("import-bring");
const sheet = document.getElementById("import-sheet");
const progress = found.querySelector("[data-progress]");
const columns = document.querySelector("#column-table tbody");
const faults = document.querySelector("#fault-table tbody");
const more = document.getElementById("faults-more");
// imports whose end was told before the answer to their beginning came
const ended = new Set();
let running = null;
// where the faults that are not shown yet begin
let after = null;

function query(chosen) {
  const { kind, duplicates, file } = form.elements;
  const asked = { kind: kind.value, file_name: file.files[0]?.name || "", duplicates: duplicates.value };
  if (sheet.value) asked.sheet = sheet.value;
  if (chosen) asked.columns = [...columns.querySelectorAll("select")].map((select) => select.value).join(",");
  return new URLSearchParams(asked);
}

async function send(path, chosen, part = {}) {
  const asked = query(chosen);
  for (const [name, value] of Object.entries(part)) asked.set(name, value);
  try {
    return await api("POST", `${path}?${asked}`, { file: form.elements.file.files[0] });
  } catch (problem) {
    for (const fault of problem.fields) if (fault.code in texts) fault.text = texts[fault.code];
    throw problem;
  }
}

async function look(chosen) {
  const { data } = await send("/imports/preview", chosen);
  show(data);
}

function cell(text, label, lead) {
  const place = document.createElement("td");
  place.textContent = text;
  if (lead) place.className = "lead";
  else if (label) place.dataset.label = label;
  return place;
}

function line(...cells) {
  const row = document.createElement("tr");
  row.append(...cells);
  return row;
}

// The API says it in English; other languages have words for a code, and for some fields words of their own.
function said({ column, code, message }, columns) {
  if (texts.lang === "en") return message;
  const field = columns.find(({ name }) => name === column)?.field;
  return texts[`${field}.${code}`] || texts[code] || message;
}

function show(data) {
  found.hidden = false;
  progress.hidden = true;
  const parts = [`${texts.rows}: ${data.rows}`];
  if (data.fault_count > 0) {
    if (data.duplicates > 0) parts.push(`${texts.known_rows}: ${data.duplicates}`);
    parts.push(`${texts.fault_rows}: ${data.fault_count}`);
  } else {
    parts.push(...["created", "updated", "skipped"].filter((name) => data[name] > 0).map((name) => `${data[name]} ${texts[name]}`));
  }
  found.querySelector("[data-summary]").textContent = [data.encoding, ...parts].filter(Boolean).join(" · ");
  found.querySelector("[data-verdict]").textContent = data.fault_count > 0 ? texts.wrong : texts.none_wrong;
  bring.disabled = data.fault_count > 0;
  found.querySelector("[data-faults]").hidden = data.fault_count === 0;
  found.querySelector("[data-sheets]").hidden = data.sheets.length < 2;
  sheet.replaceChildren(...data.sheets.map((name) => new Option(name, name, false, name === data.sheet)));
  faults.replaceChildren();
  showMore(data);
  columns.replaceChildren(...data.columns.map((column, at) => {
    const samples = data.sample.map((row) => row[at]).filter(Boolean).slice(0, 3).join(", ");
    const place = cell("", texts.becomes);
    place.append(choice(column, data.fields));
    return line(cell(column.name || `${at + 1}`, "", true), place, cell(samples, ""));
  }));
}

function showMore(data) {
  faults.append(...data.faults.map((fault) => line(
    cell(`${texts.row} ${fault.row}`, "", true), cell(fault.column || "", texts.column), cell(said(fault, data.columns), ""),
  )));
  after = data.next_after;
  found.querySelector("[data-shown]").textContent = `${texts.faults_shown}: ${faults.rows.length} ${texts.of} ${data.fault_count}`;
  found.querySelector("[data-more]").hidden = after === null;
}

function choice({ name, field }, fields) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", name);
  select.append(new Option(texts.stays_out, ""));
  for (const one of fields) select.append(new Option(texts[`field.${one}`] || one, one, false, one === field));
  return select;
}

onSubmit(form, async () => {
  await look(false);
  document.getElementById("found-title").focus();
});

async function again(chosen) {
  bring.disabled = true;
  try {
    await look(chosen);
  } catch (problem) {
    showFaults(form, problem);
  }
}

// other fields, or another sheet: looked at again
columns.addEventListener("change", () => again(true));
sheet.addEventListener("change", () => again(false));

more.addEventListener("click", async () => {
  more.disabled = true;
  try {
    const { data } = await send("/imports/preview", true, { after });
    showMore(data);
  } catch (problem) {
    showFaults(form, problem);
  } finally {
    more.disabled = false;
  }
});

function forget() {
  found.hidden = true;
  sheet.replaceChildren();
}

form.elements.file.addEventListener("change", forget);
form.elements.kind.addEventListener("change", () => {
  forget();
  known();
});
form.elements.duplicates.addEventListener("change", () => {
  if (!found.hidden) form.requestSubmit();
});

// by what people are known, and whether they may be changed
function known() {
  const { kind, duplicates } = form.elements;
  for (const word of form.querySelectorAll("[data-for]")) word.hidden = word.dataset.for !== kind.value;
  const update = duplicates.querySelector("[value=update]");
  update.disabled = kind.value === "clients" && !("clients" in update.dataset);
  update.hidden = update.disabled;
  if (update.disabled && update.selected) duplicates.value = "refuse";
}
known();

bring.addEventListener("click", async () => {
  bring.disabled = true;
  try {
    const { data } = await send("/imports", true);
    running = data.id;
    progress.hidden = false;
    step({ import_id: running, done: 0, total: data.rows });
    refresh("jobs");
    if (ended.has(running)) await end(running);
  } catch (problem) {
    showFaults(form, problem);
    bring.disabled = false;
  }
});

function step({ import_id: id, done, total }) {
  if (id !== running) return;
  const bar = progress.querySelector("progress");
  bar.max = Math.max(total, 1);
  bar.value = done;
  progress.querySelector("[data-count]").textContent = `${done} / ${total}`;
}

async function end(id) {
  ended.add(id);
  refresh("jobs");
  if (id !== running) return;
  running = null;
  const { data } = await api("GET", `/imports/${id}`);
  const counts = ["created", "updated", "skipped"].filter((name) => data[name] > 0);
  toast(data.state === "done" ? counts.map((name) => `${data[name]} ${texts[name]}`).join(" · ") : texts.nothing_came);
  form.reset();
  known();
  forget();
}

listen({ "import.progress": step, "import.ended": ({ import_id: id }) => end(id) }, () => refresh("jobs"));
watch("jobs");
