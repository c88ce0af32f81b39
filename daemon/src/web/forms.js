// Forms and dialogs: values in and out, faults beside their fields.

import { Problem, texts } from "./api.js";

export function values(form) {
  const found = {};
  for (const control of form.elements) {
    if (!control.name || control.disabled) continue;
    if (control.type === "checkbox") found[control.name] = control.checked;
    else found[control.name] = control.type === "password" ? control.value || null : control.value.trim() || null;
  }
  return found;
}

export function fill(form, data) {
  for (const control of form.elements) {
    if (!control.name) continue;
    const value = data[control.name];
    if (control.type === "checkbox") control.checked = Boolean(value);
    else control.value = value ?? "";
  }
}

export function clearFaults(form) {
  for (const place of form.querySelectorAll("[data-error], [data-form-error]")) place.textContent = "";
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

export function showFaults(form, problem) {
  const general = form.querySelector("[data-form-error]");
  let placed = 0;
  for (const fault of problem.fields || []) {
    const place = form.querySelector(`[data-error="${CSS.escape(fault.field)}"]`);
    const control = form.elements[fault.field];
    if (!place || !control) continue;
    place.textContent = texts[`${fault.field}.${fault.code}`] || texts[fault.code] || (texts.lang === "en" && fault.message) || texts.invalid;
    place.id ||= `error-${fault.field}`;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", place.id);
    if (placed === 0) control.focus();
    placed += 1;
  }
  if (placed === 0) general.textContent = problem instanceof Problem ? problem.text : texts.failed;
}

// Runs `action` when the form is sent; the form is locked meanwhile and shows what went wrong.
export function onSubmit(form, action) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearFaults(form);
    const missing = [...form.elements].filter((control) => control.required && !control.value.trim());
    if (missing.length > 0) {
      showFaults(form, { fields: missing.map((control) => ({ field: control.name, code: "required" })) });
      return;
    }
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
