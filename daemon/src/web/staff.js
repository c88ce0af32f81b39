import { api, texts } from "./api.js";
import { clearFaults, confirm, fill, onSubmit, toast, values } from "./forms.js";
import { listen, refresh } from "./page.js";

const dialog = document.getElementById("staff-dialog");
const form = document.getElementById("staff-form");
const sipDialog = document.getElementById("sip-dialog");
const sipForm = document.getElementById("sip-form");
let open = null;
let sip = null;

function show(member, version) {
  open = member ? { id: member.id, version, before: member } : null;
  clearFaults(form);
  form.reset();
  if (member) fill(form, { ...member, password: "" });
  const main = Boolean(member?.is_main);
  for (const place of form.querySelectorAll("[data-not-main]")) {
    place.hidden = main;
    place.querySelector("input, select").disabled = main;
  }
  for (const place of form.querySelectorAll("[data-edit-only]")) place.hidden = !member;
  document.getElementById("staff-title").textContent = member ? dialog.dataset.titleEdit : dialog.dataset.titleNew;
  dialog.showModal();
  form.elements.surname.focus();
}

if (form) {
  onSubmit(form, async () => {
    const wanted = values(form);
    if (!wanted.password) delete wanted.password;
    if (open) {
      const changed = Object.entries(wanted).filter(([name, value]) => value !== (open.before[name] ?? null));
      if (changed.length > 0) {
        await api("PATCH", `/staff/${open.id}`, { body: Object.fromEntries(changed), version: open.version });
      }
    } else {
      const given = Object.entries(wanted).filter(([, value]) => value !== null);
      await api("POST", "/staff", { body: Object.fromEntries(given) });
    }
    dialog.close();
    refresh("staff");
  });

  onSubmit(sipForm, async () => {
    const path = sip.kind === "new" ? `/staff/${sip.id}/sip` : `/staff/${sip.id}/sip/rotate`;
    const { data } = await api("POST", path);
    for (const place of sipForm.querySelectorAll("[data-fact]")) {
      const value = data[place.dataset.fact];
      place.textContent = Array.isArray(value) ? value.join(", ") : value;
    }
    showSip(true);
    refresh("staff");
  });
  sipDialog.addEventListener("close", () => {
    for (const place of sipForm.querySelectorAll("[data-fact]")) place.textContent = "";
  });
  sipForm.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(sipForm.querySelector(`[data-fact="${button.dataset.copy}"]`));
  });
}

function showSip(done) {
  document.getElementById("sip-ask").hidden = done;
  document.getElementById("sip-once").hidden = !done;
  document.getElementById("sip-facts").hidden = !done;
  document.getElementById("sip-yes").hidden = done;
  const cancel = document.getElementById("sip-cancel");
  cancel.textContent = done ? cancel.dataset.done : cancel.dataset.cancel;
  if (done) cancel.focus();
}

async function copy(place) {
  const range = document.createRange();
  range.selectNodeContents(place);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  try {
    await navigator.clipboard.writeText(place.textContent);
    toast(texts.copied);
  } catch {
    if (document.execCommand("copy")) toast(texts.copied);
  }
}

document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-add]")) return show(null);
  const button = event.target.closest("[data-edit], [data-delete], [data-sip-data]");
  const row = button?.closest("tr");
  if (!row) return;
  const { id, name } = row.dataset;
  if (button.hasAttribute("data-edit")) {
    try {
      const { data, version } = await api("GET", `/staff/${id}`);
      show(data, version);
    } catch (problem) {
      toast(problem.text);
    }
  } else if (button.hasAttribute("data-delete")) {
    confirm({
      title: texts.delete_staff, text: texts.delete_staff_text, what: name, yes: texts.delete,
      action: async () => {
        await api("DELETE", `/staff/${id}`);
        refresh("staff");
      },
    });
  } else {
    const kind = button.dataset.sipData;
    sip = { id, kind };
    clearFaults(sipForm);
    document.getElementById("sip-title").textContent = kind === "new" ? sipDialog.dataset.titleNew : sipDialog.dataset.titleRenew;
    document.getElementById("sip-ask").textContent = kind === "new" ? sipDialog.dataset.textNew : sipDialog.dataset.textRenew;
    document.getElementById("sip-yes").textContent = document.getElementById("sip-title").textContent;
    document.getElementById("sip-name").textContent = name;
    showSip(false);
    sipDialog.showModal();
  }
});

const again = () => refresh("staff");
listen({ "staff.sip_status": again, "staff.system_status": again, "staff.changed": again }, again);
