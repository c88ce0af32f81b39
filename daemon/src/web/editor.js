// Lists whose rows are made, changed and deleted in a dialog, and forms that depend on what is chosen in them.

import { api, texts } from "./api.js";
import { clearFaults, confirm, fill, onSubmit, toast, values } from "./forms.js";
import { refresh } from "./page.js";

// `data-when="queue.vip=strict|head_start"`: what stands there is shown and sent only with one of these values.
export function dependOn(form) {
  const set = () => {
    for (const place of form.querySelectorAll("[data-when]")) {
      const [name, wanted] = place.dataset.when.split("=");
      place.hidden = !wanted.split("|").includes(String(form.elements[name].value));
      for (const control of place.querySelectorAll("input, select, textarea")) control.disabled = place.hidden;
    }
  };
  form.addEventListener("change", set);
  return set;
}

// A choice of who gets a call, `department_id 01J...` or `number`, as the API names it: `{ department_id: "01J..." }`.
export function targets(form, flat) {
  for (const choice of form.querySelectorAll("select[data-target]")) {
    const [kind, id] = (choice.value || "").split(" ");
    const number = form.elements[`${choice.name}.number`];
    delete flat[`${choice.name}.number`];
    if (!choice.disabled) flat[choice.name] = !kind ? null : { [kind]: kind === "number" ? number.value.trim() : id };
  }
  return flat;
}

function fillTargets(form, flat) {
  for (const choice of form.querySelectorAll("select[data-target]")) {
    const target = flat[choice.name];
    const [kind, id] = Object.entries(target || {}).find(([, value]) => value !== null) || ["", ""];
    const wanted = kind === "number" ? kind : `${kind} ${id}`.trim();
    // what the page has no name for stays what it is
    if (![...choice.options].some((option) => option.value === wanted)) choice.append(new Option(texts.unknown_caller, wanted));
    choice.value = wanted;
    const number = form.elements[`${choice.name}.number`];
    if (number) number.value = kind === "number" ? id : "";
  }
}

// { queue: { vip: "strict" } } <-> { "queue.vip": "strict" }; lists and targets stay whole.
export function flatten(data, kept = [], before = "") {
  const flat = {};
  for (const [key, value] of Object.entries(data)) {
    const name = before + key;
    const deeper = value && typeof value === "object" && !Array.isArray(value) && !kept.includes(name);
    Object.assign(flat, deeper ? flatten(value, kept, `${name}.`) : { [name]: value });
  }
  return flat;
}

export function nest(flat) {
  const whole = {};
  for (const [name, value] of Object.entries(flat)) {
    const keys = name.split(".");
    const last = keys.pop();
    keys.reduce((place, key) => (place[key] ??= {}), whole)[last] = value;
  }
  return whole;
}

// What differs from what the form showed when it was opened.
export function changes(before, after) {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name] ?? null)));
}

// The dialog `kind`-dialog with the form `kind`-form; buttons `data-add="kind"`, and `data-edit`, `data-delete` in rows of
// the part. `path` is that of the list, or gives that of one thing. `also` are further resources of the same thing: fields that begin with the name of one are kept there; one by `PUT` is sent whole.
// `read(data)` gives fields of the form, `collect(form)` what it says, `show(form, data)` sets what is more than fields;
// `write(body, form)` is sent, `faults(field)` names the field of the form that a fault belongs to.
export function editor({
  kind, path, part, also = [], read = (data) => data, collect = values, show = () => {}, write = (body) => body,
  faults = (field) => field, changed = () => refresh(part), made = changed,
}) {
  const dialog = document.getElementById(`${kind}-dialog`);
  const form = document.getElementById(`${kind}-form`);
  const place = document.querySelector(`[data-part="${part}"]`);
  if (!place) return;
  let open = null;
  let before = {};
  const at = (id) => (typeof path === "function" ? path(id) : `${path}/${id}`);
  const said = () => targets(form, collect(form));
  const depend = form && dependOn(form);

  function raise(data, version, id) {
    open = data ? { id, version } : null;
    clearFaults(form);
    form.reset();
    for (const box of form.querySelectorAll("details")) box.open = false;
    if (data) {
      const kept = [...form.querySelectorAll("select[data-target]")].map((choice) => choice.name);
      const flat = flatten(read(data), kept);
      fill(form, flat);
      fillTargets(form, flat);
    }
    show(form, data, id);
    depend();
    before = data ? said() : {};
    for (const only of form.querySelectorAll("[data-edit-only], [data-new-only]")) only.hidden = only.hasAttribute("data-edit-only") !== Boolean(data);
    document.getElementById(`${kind}-title`).textContent = data ? dialog.dataset.titleEdit : dialog.dataset.titleNew;
    dialog.showModal();
    form.scrollTop = 0;
    form.querySelector("input:not([type=hidden]):not([disabled]), select").focus();
  }

  async function edit(id) {
    const { data, version } = await api("GET", at(id));
    for (const { name, path: at } of also) data[name] = (await api("GET", at(id))).data;
    raise(data, version, id);
  }

  async function save() {
    const all = said();
    const wanted = Object.entries(open ? changes(before, all) : all).filter(([, value]) => open || value !== null);
    const within = ({ name }) => ([field]) => field.startsWith(`${name}.`);
    const own = Object.fromEntries(wanted.filter((field) => !also.some((other) => within(other)(field))));
    const others = also.filter((other) => wanted.filter(within(other)).some(([, value]) => open || value));
    let answer = {};
    if (!open) {
      answer = await api("POST", path, { body: write(nest(own), form) });
      open = { id: answer.data.id, version: answer.version };
    } else if (Object.keys(own).length > 0) {
      answer = await api("PATCH", at(open.id), { body: write(nest(own), form), version: open.version });
      open.version = answer.version;
    }
    for (const other of others) {
      const { name, path: place, method = "PATCH" } = other;
      const fields = (method === "PUT" ? Object.entries(all) : wanted).filter(within(other));
      try {
        const { version } = await api(method, place(open.id), { body: nest(Object.fromEntries(fields))[name], version: open.version });
        open.version = version;
      } catch (problem) {
        for (const fault of problem.fields || []) fault.field = `${name}.${fault.field}`;
        throw problem;
      }
    }
    return answer.data;
  }

  if (form) {
    onSubmit(form, async () => {
      const fresh = !open;
      try {
        const data = await save();
        dialog.close();
        if (fresh) made(data);
        else changed();
      } catch (problem) {
        for (const fault of problem.fields || []) fault.field = faults(fault.field);
        throw problem;
      }
    });
  }

  document.addEventListener("click", async (event) => {
    if (event.target.closest(`[data-add="${kind}"]`)) return raise(null);
    const button = event.target.closest("[data-edit], [data-delete]");
    const row = button?.closest("[data-id]");
    if (!row || button.closest("[data-part]")?.dataset.part !== part) return;
    if (button.hasAttribute("data-edit")) {
      edit(row.dataset.id).catch((problem) => toast(problem.text || texts.failed));
      return;
    }
    confirm({
      title: texts[`delete_${kind}`], text: texts[`delete_${kind}_text`] || "", what: row.dataset.name, yes: texts.delete,
      action: async () => {
        await api("DELETE", at(row.dataset.id));
        changed();
      },
    });
  });
}

// A form that stands in the page and shows what is set; `data-version` is what was read.
export function settings({ form: id, path, method = "PATCH", collect = values, write = (body) => body }, saved = () => {}) {
  const known = new WeakSet();
  const attach = () => {
    const form = document.getElementById(id);
    if (!form || known.has(form)) return;
    known.add(form);
    dependOn(form)();
    let before = collect(form);
    onSubmit(form, async () => {
      const wanted = collect(form);
      const body = nest(changes(before, wanted));
      if (Object.keys(body).length > 0) {
        const { version } = await api(method, path, { body: write(body, form), version: `"${form.dataset.version}"` });
        form.dataset.version = version.replaceAll('"', "");
        before = wanted;
      }
      toast(texts.saved);
      saved();
    });
  };
  attach();
  document.addEventListener("refreshed", attach);
}

// A list whose rows are chosen, ordered and removed: `[data-rows]`, `[data-choice]`, `[data-take]` and a template inside `box`.
// `fill(row, item)` sets what a row has beside its name.
export function ordered(box, fill = () => {}) {
  const [rows, choice, pattern] = ["[data-rows]", "[data-choice]", "template"].map((css) => box.querySelector(css));
  const add = (id, item = {}) => {
    if (!id || [...rows.children].some((row) => row.dataset.item === id)) return;
    const row = pattern.content.firstElementChild.cloneNode(true);
    const name = [...choice.options].find((option) => option.value === id)?.textContent || texts.unknown_caller;
    row.dataset.item = id;
    row.querySelector("[data-who]").textContent = name;
    for (const control of row.querySelectorAll("[aria-label]")) control.setAttribute("aria-label", `${control.getAttribute("aria-label")}: ${name}`);
    fill(row, item);
    rows.append(row);
  };
  box.querySelector("[data-take]").addEventListener("click", () => {
    add(choice.value);
    choice.selectedIndex = 0;
    choice.focus();
  });
  rows.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const row = button?.closest("li");
    if (!row) return;
    if (button.hasAttribute("data-remove")) {
      ((row.nextElementSibling || row.previousElementSibling)?.querySelector("[data-remove]") || choice).focus();
      return row.remove();
    }
    if (button.hasAttribute("data-up")) row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    button.focus();
  });
  return { rows, add, ids: () => [...rows.children].map((row) => row.dataset.item), clear: () => rows.replaceChildren() };
}

// Boxes to tick whose values make a list.
export function ticks(box) {
  const boxes = () => [...(box?.querySelectorAll("input[type=checkbox]") || [])];
  return {
    values: () => boxes().filter((one) => one.checked).map((one) => one.value),
    set: (wanted) => boxes().forEach((one) => { one.checked = wanted.includes(one.value); }),
  };
}
