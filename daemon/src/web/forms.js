// Forms and dialogs: values in and out, faults beside their fields.

import { Problem, texts } from "./api.js";

const LISTS = ["fieldset", "output", "button", "submit"];

// By name; controls that are out of use say nothing. Numbers are numbers, what is empty is null.
export function values(form) {
  const found = {};
  for (const control of form.elements) {
    if (!control.name || control.disabled || LISTS.includes(control.type)) continue;
    if (control.type === "radio" && !control.checked) continue;
    found[control.name] = value(control);
  }
  return found;
}

function value(control) {
  if (control.type === "checkbox") return control.checked;
  if (control.type === "number") return control.value === "" ? null : Number(control.value);
  return control.type === "password" ? control.value || null : control.value.trim() || null;
}

export function fill(form, data) {
  for (const control of form.elements) {
    if (!control.name || LISTS.includes(control.type) || !(control.name in data)) continue;
    const value = data[control.name];
    if (control.type === "checkbox") control.checked = Boolean(value);
    else if (control.type === "radio") control.checked = control.value === value;
    else control.value = value ?? "";
  }
}

// The company's time of day, as `datetime-local` wants it.
export const local = (moment) => moment && new Intl.DateTimeFormat("sv-SE", {
  timeZone: texts.time_zone, dateStyle: "short", timeStyle: "short",
}).format(new Date(moment)).replace(" ", "T");

export function clearFaults(form) {
  for (const place of form.querySelectorAll("[data-error], [data-form-error]")) place.textContent = "";
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

// Faults stand beside their fields (of `members[2].penalty`: beside `members`), the others above the form.
export function showFaults(form, problem) {
  const general = form.querySelector("[data-form-error]");
  const homeless = [];
  let placed = 0;
  for (const fault of problem.fields || []) {
    const [place, control] = home(form, fault.field);
    if (!place || !control) {
      homeless.push(fault);
      continue;
    }
    place.textContent = fault.text || worded(fault) || (texts.lang === "en" && fault.message) || texts.invalid;
    place.id ||= `error-${form.id}-${fault.field}`;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", place.id);
    for (let box = place.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    if (placed === 0) (control.matches("fieldset") ? control.querySelector("input, select, button") || control : control).focus();
    placed += 1;
  }
  if (placed > 0 && homeless.length === 0) return;
  general.textContent = problem instanceof Problem ? problem.text : texts.failed;
  if (texts.lang === "en") for (const fault of homeless) general.textContent += ` ${fault.field}: ${fault.message}.`;
  general.scrollIntoView({ block: "nearest" });
}

// `overflow.number` and `invalid`: by the whole name, by `number` or by `overflow`, else by the code alone.
function worded({ field, code }) {
  const names = field.replace(/\[\d+\]/g, "").split(".");
  return [names.join("."), names.at(-1), names[0]].map((name) => texts[`${name}.${code}`]).find(Boolean) || texts[code];
}

function home(form, field) {
  for (let name = field; name; name = name.replace(/(\.[^.[]*|\[\d+\]|^[^.[]*)$/, "")) {
    const place = form.querySelector(`[data-error="${CSS.escape(name)}"]`);
    const control = form.elements[name];
    if (place && control) return [place, control instanceof RadioNodeList ? control[0] : control];
  }
  return [];
}

// What the browser itself sees: emptiness, and numbers out of bounds.
function seen(form) {
  const faults = [];
  for (const control of form.elements) {
    if (!control.name || control.disabled || LISTS.includes(control.type)) continue;
    const { min, max, name } = control;
    if (control.required && !control.value.trim() && !control.validity.badInput) faults.push({ field: name, code: "required" });
    else if (control.type === "datetime-local" && control.validity.badInput) faults.push({ field: name, code: "invalid" });
    else if (control.type === "number" && !control.validity.valid) {
      faults.push({ field: name, text: (texts.range || texts.invalid).replace("{min}", min).replace("{max}", max) });
    }
  }
  return faults;
}

// Runs `action` when the form is sent; the form is locked meanwhile and shows what went wrong.
export function onSubmit(form, action) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearFaults(form);
    const fields = seen(form);
    if (fields.length > 0) return showFaults(form, { fields });
    const buttons = [...form.querySelectorAll("button")].filter((button) => !button.disabled);
    for (const button of buttons) button.disabled = true;
    try {
      await action(event);
    } catch (problem) {
      showFaults(form, problem);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  });
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-close]")?.closest("dialog")?.close();
});

// Asks; `action` runs on yes and its failure is shown in the dialog.
export function confirm({ title, text, what, yes, action }) {
  const dialog = document.getElementById("confirm");
  const form = dialog.querySelector("form");
  clearFaults(form);
  document.getElementById("confirm-title").textContent = title;
  document.getElementById("confirm-text").textContent = text;
  document.getElementById("confirm-what").textContent = what;
  document.getElementById("confirm-yes").textContent = yes;
  form.onsubmit = async (event) => {
    event.preventDefault();
    clearFaults(form);
    try {
      await action();
      dialog.close();
    } catch (problem) {
      showFaults(form, problem);
    }
  };
  dialog.showModal();
}

let toastTimer;
export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { place.hidden = true; }, 3000);
}

// Copies what an element shows, and selects it for the eye.
export async function copyText(place) {
  const range = document.createRange();
  range.selectNodeContents(place);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  try {
    await navigator.clipboard.writeText(place.textContent);
    toast(texts.copied);
  } catch {
    // the clipboard belongs to pages by HTTPS
    if (document.execCommand("copy")) toast(texts.copied);
  }
}
