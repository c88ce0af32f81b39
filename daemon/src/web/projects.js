import { api, texts } from "./api.js";
import { editor, ordered } from "./editor.js";
import { clearFaults, onSubmit, toast } from "./forms.js";
import { act, listen, refresh } from "./page.js";

editor({ kind: "project", path: "/projects", part: "projects" });

const TAKES = ["calls", "leads", "deals"];
const dialog = document.getElementById("workers-dialog");
const form = document.getElementById("workers-form");
let project = "";
let before = [];

const people = form && ordered(document.getElementById("workers"), (row, person) => {
  for (const box of row.querySelectorAll("[data-takes]")) box.checked = person[box.dataset.takes] ?? true;
});

const said = () => [...people.rows.children].map((row) => ({
  id: row.dataset.item,
  ...Object.fromEntries([...row.querySelectorAll("[data-takes]")].map((box) => [box.dataset.takes, box.checked])),
}));

// What a person does elsewhere stays; `wanted` absent: the person works here no more.
async function set(id, wanted) {
  const { data, version } = await api("GET", `/staff/${id}/projects`);
  const parts = data.projects.map(({ name, work_status, ...part }) => part);
  const projects = parts.filter((part) => part.project_id !== project);
  if (wanted) {
    const sections = parts.find((part) => part.project_id === project)?.sections ?? null;
    projects.push({ project_id: project, sections, ...Object.fromEntries(TAKES.map((name) => [`receives_${name}`, wanted[name]])) });
  }
  await api("PUT", `/staff/${id}/projects`, { body: { projects }, version });
}

function show({ id, name, workers }) {
  project = id;
  before = JSON.parse(workers);
  clearFaults(form);
  people.clear();
  for (const person of before) people.add(person.id, person);
  document.getElementById("workers-title").textContent = dialog.dataset.titleEdit;
  document.getElementById("workers-name").textContent = name;
  dialog.showModal();
  document.getElementById("workers-choice").focus();
}

if (form) {
  onSubmit(form, async () => {
    const wanted = said();
    const same = (one, other) => one && other && TAKES.every((name) => one[name] === other[name]);
    const find = (list, id) => list.find((person) => person.id === id);
    const ids = new Set([...before, ...wanted].map((person) => person.id));
    for (const id of ids) {
      const [old, now] = [find(before, id), find(wanted, id)];
      if (same(old, now)) continue;
      await set(id, now);
      before = [...before.filter((person) => person.id !== id), ...(now ? [now] : [])];
    }
    dialog.close();
    toast(texts.saved);
    refresh("projects");
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-people], [data-restore]");
  const row = button?.closest("tr");
  if (!row) return;
  if (button.hasAttribute("data-people")) show(row.dataset);
  else act(() => api("PATCH", `/projects/${row.dataset.id}`, { body: { archived: false } }), texts.restored, "projects");
});

const again = () => refresh("projects");
listen({ "project.changed": again, "staff.changed": again, "staff.work_status": again }, again);
