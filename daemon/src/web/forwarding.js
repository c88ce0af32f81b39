// Where somebody's calls go: a form that stands in a page, and a dialog for whoever says by `data-id` and `data-name` whose
// `data-forwarding` button it is.

import { api, texts } from "./api.js";
import { clearFaults, fill, onSubmit, toast, values } from "./forms.js";

const CONDITIONS = ["always", "busy", "no_answer", "offline"];

// What depends on a choice is shown and said only with it.
function depend(form) {
  const show = (place, on) => {
    place.hidden = !on;
    for (const control of place.querySelectorAll("input")) control.disabled = !on;
  };
  for (const place of form.querySelectorAll("[data-number]")) show(place, form.elements[place.dataset.number].value === "number");
  show(form.querySelector("[data-after]"), form.elements.no_answer.value !== "");
}

function raise(form, settings) {
  clearFaults(form);
  form.reset();
  fill(form, { dnd: settings.dnd, no_answer_after: settings.no_answer_after });
  for (const name of CONDITIONS) {
    const [choice, to] = [form.elements[name], settings[name] ?? ""];
    const listed = [...choice.options].some((option) => option.value === to && to !== "number");
    choice.value = listed ? to : "number";
    form.elements[`${name}.number`].value = listed ? "" : to;
  }
  depend(form);
}

function said(form) {
  const flat = values(form);
  const to = (name) => (flat[name] === "number" ? flat[`${name}.number`] : flat[name]);
  const after = flat.no_answer_after ?? null;
  return { dnd: flat.dnd, ...(after && { no_answer_after: after }), ...Object.fromEntries(CONDITIONS.map((name) => [name, to(name)])) };
}

// `opened(form)` gives the path that the form is of, and the version that was read.
function attach(form, opened, done) {
  form.addEventListener("change", () => depend(form));
  onSubmit(form, async () => {
    const open = opened();
    try {
      const { version } = await api("PUT", open.path, { body: said(form), version: open.version });
      open.version = version;
    } catch (problem) {
      for (const fault of problem.fields || []) {
        fault.text = form.dataset[fault.code];
        if (form.elements[fault.field]?.value === "number") fault.field += ".number";
      }
      throw problem;
    }
    toast(form.dataset.saved);
    done();
  });
}

async function read(form, path) {
  const { data, version } = await api("GET", path);
  raise(form, data);
  return { path, version };
}

const own = document.getElementById("own-forwarding");
if (own) {
  let open = null;
  attach(own, () => open, () => {});
  read(own, "/me/forwarding").then((found) => { open = found; }, (problem) => toast(problem.text || texts.failed));
}

const dialog = document.getElementById("forwarding-dialog");
if (dialog) {
  const form = document.getElementById("forwarding-form");
  let open = null;
  attach(form, () => open, () => dialog.close());
  document.addEventListener("click", async (event) => {
    const whose = event.target.closest("[data-forwarding]")?.closest("[data-id]");
    if (!whose) return;
    try {
      open = await read(form, `/staff/${whose.dataset.id}/forwarding`);
      document.getElementById("forwarding-name").textContent = whose.dataset.name;
      dialog.showModal();
      form.elements.dnd.focus();
    } catch (problem) {
      toast(problem.text || texts.failed);
    }
  });
}
