import { api, texts, whole } from "./api.js";
import { clearFaults, confirm, copyText, fill, local, onSubmit, toast, values } from "./forms.js";
import "./forwarding.js";
import "./mailbox.js";
import { listen, refresh } from "./page.js";

const dialog = document.getElementById("staff-dialog");
const form = document.getElementById("staff-form");
const sipDialog = document.getElementById("sip-dialog");
const sipForm = document.getElementById("sip-form");
const handOver = document.getElementById("hand-over");
const handOverForm = document.getElementById("hand-over-form");
let open = null;
let gone = null;
let sip = null;

// As the form shows it.
const read = (member) => ({ ...member, access_until: local(member.access_until) });

function show(member, version) {
  Object.assign(dialog.dataset, { id: member?.id ?? "", name: member?.name ?? "" });
  open = member ? { id: member.id, version, before: read(member) } : null;
  clearFaults(form);
  form.reset();
  offerColleagues(form.elements.supervisor_id, member);
  if (member) fill(form, { ...open.before, password: "" });
  const main = Boolean(member?.is_main);
  for (const place of form.querySelectorAll("[data-not-main]")) {
    place.hidden = main;
    place.querySelector("input, select").disabled = main;
  }
  for (const place of form.querySelectorAll("[data-edit-only]")) place.hidden = !member;
  document.getElementById("f-ended").hidden = !member?.access_ended;
  if (member) {
    const photo = document.getElementById("f-photo");
    photo.value = "";
    document.getElementById("f-photo-now").src = member.photo_url;
    document.getElementById("f-photo-remove").hidden = !member.has_photo;
    document.getElementById("f-photo-error").textContent = "";
  }
  tokens(member);
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

  document.getElementById("f-photo").addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (file) photo("PUT", file);
  });
  document.getElementById("f-photo-remove").addEventListener("click", () => photo("DELETE"));

  onSubmit(sipForm, async () => {
    const path = sip.kind === "new" ? `/staff/${sip.id}/sip` : `/staff/${sip.id}/sip/rotate`;
    const { data } = await api("POST", path);
    for (const place of sipForm.querySelectorAll("[data-fact]")) {
      const value = data[place.dataset.fact];
      place.textContent = Array.isArray(value) ? value.join(", ") : value;
    }
    links(data.provisioning);
    showSip(true);
    refresh("staff");
  });
  sipDialog.addEventListener("close", () => {
    for (const place of sipForm.querySelectorAll("[data-fact]")) place.textContent = "";
    document.getElementById("sip-model").replaceChildren();
    document.getElementById("sip-qr").removeAttribute("src");
  });
  document.getElementById("sip-model").addEventListener("change", showLink);
  sipForm.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copyText(sipForm.querySelector(`[data-fact="${button.dataset.copy}"]`));
  });
}

// Those that programs of this person still show; nothing to whom they are none of their business.
async function tokens(member) {
  const box = document.getElementById("f-tokens");
  box.hidden = true;
  if (!member) return;
  const items = await whole(`/staff/${member.id}/tokens`).catch(() => []);
  if (open?.id !== member.id) return;
  const live = items.filter((token) => !token.revoked_at && Date.parse(token.expires_at) > Date.now());
  const day = (moment) => new Date(moment).toLocaleDateString(texts.lang);
  box.querySelector("ul").replaceChildren(...live.map((token) => {
    const row = document.createElement("li");
    const used = token.last_used_at ? `${texts.token_used} ${day(token.last_used_at)}` : texts.token_unused;
    const end = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: texts.token_end });
    end.setAttribute("aria-label", `${texts.token_end}: ${token.name}`);
    end.addEventListener("click", () => confirm({
      title: texts.token_end_ask, text: texts.token_end_text, what: token.name, yes: texts.token_end,
      action: async () => {
        await api("DELETE", `/tokens/${token.id}`);
        tokens(member);
      },
    }));
    row.append(`${token.name} · ${used} · ${texts.token_until} ${day(token.expires_at)} `, end);
    return row;
  }));
  box.hidden = live.length === 0;
}

// The picture is kept at once: it is no part of the form.
async function photo(method, file) {
  const fault = document.getElementById("f-photo-error");
  fault.textContent = "";
  const headers = { "x-csrf-token": document.querySelector('meta[name="csrf-token"]').content };
  if (file) headers["content-type"] = file.type || "application/octet-stream";
  try {
    const response = await fetch(`/api/v1/staff/${open.id}/photo`, { method, headers, body: file, credentials: "same-origin" });
    if (response.status === 413 || response.status === 415) {
      fault.textContent = response.status === 413 ? texts.photo_size : texts.photo_kind;
      return;
    }
    if (!response.ok) throw new Error(String(response.status));
    const { data, version } = await api("GET", `/staff/${open.id}`);
    open = { id: data.id, version, before: read(data) };
    document.getElementById("f-photo-now").src = data.photo_url;
    document.getElementById("f-photo-remove").hidden = !data.has_photo;
    refresh("staff");
  } catch {
    fault.textContent = texts.failed;
  } finally {
    document.getElementById("f-photo").value = "";
  }
}

function links(provisioning) {
  const models = document.getElementById("sip-model");
  const option = ({ model, name, url }) => Object.assign(document.createElement("option"), { value: url, textContent: name, id: `link-${model}` });
  models.replaceChildren(...(provisioning?.links ?? []).map(option));
  const scanned = document.getElementById("link-linphone");
  if (scanned) scanned.selected = true;
  document.getElementById("sip-qr").src = `data:image/svg+xml,${encodeURIComponent(provisioning?.qr_svg ?? "")}`;
  showLink();
}

function showLink() {
  const models = document.getElementById("sip-model");
  document.getElementById("sip-link").textContent = models.value;
  const model = (models.selectedOptions[0]?.id ?? "").replace("link-", "");
  document.getElementById("sip-help").href = `/staff/${sip.id}/sip?model=${model}`;
}

// Offers to give the clients, leads and deals of somebody to another manager, if there are any.
async function offer(id, name, always) {
  if (!handOver) return;
  const { data } = await api("GET", `/clients?manager_id=${id}&limit=1`);
  const deals = await api("GET", `/deals?staff_id=${id}&open=true&limit=1`).then((answer) => answer.data.items.length, () => 0);
  const nothing = data.filtered === 0 && deals === 0;
  if (nothing && !always) return;
  gone = id;
  clearFaults(handOverForm);
  document.getElementById("hand-over-name").textContent = name;
  document.getElementById("hand-over-count").textContent = data.filtered;
  document.getElementById("hand-over-yes").disabled = nothing;
  for (const choice of handOverForm.elements.to_manager_id) choice.hidden = choice.value === id;
  handOverForm.elements.to_manager_id.value = "";
  handOver.showModal();
}

if (handOverForm) {
  onSubmit(handOverForm, async () => {
    const to = handOverForm.elements.to_manager_id.value || null;
    await api("POST", "/clients/reassign", { body: { from_manager_id: gone, to_manager_id: to } });
    await api("POST", "/deals/hand-over", { body: { from_staff_id: gone, to_staff_id: to } });
    handOver.close();
  });
}

// Everybody who works here but this one; whoever is chosen already is among them in any case.
function offerColleagues(select, member) {
  const all = document.getElementById("colleagues").content.cloneNode(true).querySelectorAll("option");
  select.replaceChildren(select.options[0], ...[...all].filter((choice) => choice.value !== member?.id));
  const chosen = member?.supervisor_id;
  if (chosen && ![...select.options].some((choice) => choice.value === chosen)) select.add(new Option(chosen, chosen));
}

// Asks in the dialog of a deletion to whom those report from now on who reported to the one who goes, if there are any.
async function successor(id) {
  const { data } = await api("GET", `/staff?supervisor_id=${id}&scope=all&limit=1`);
  if (data.filtered === 0) return null;
  const dialog = document.getElementById("confirm");
  const part = document.getElementById("successor").content.cloneNode(true);
  const select = part.querySelector("select");
  offerColleagues(select, { id });
  dialog.querySelector(".body").append(part);
  dialog.addEventListener("close", () => select.closest(".field").remove(), { once: true });
  return select;
}

async function remove(id, name) {
  const heir = await successor(id);
  confirm({
    title: texts.delete_staff, text: texts.delete_staff_text, what: name, yes: texts.delete,
    action: async () => {
      await api("DELETE", `/staff/${id}${heir?.value ? `?successor_id=${heir.value}` : ""}`);
      refresh("staff");
      offer(id, name, false).catch(() => {});
    },
  });
}

function showSip(done) {
  document.getElementById("sip-links").hidden = !done;
  document.getElementById("sip-ask").hidden = done;
  document.getElementById("sip-once").hidden = !done;
  document.getElementById("sip-facts").hidden = !done;
  document.getElementById("sip-yes").hidden = done;
  const cancel = document.getElementById("sip-cancel");
  cancel.textContent = done ? cancel.dataset.done : cancel.dataset.cancel;
  if (done) cancel.focus();
}

document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-add]")) return show(null);
  const button = event.target.closest("[data-edit], [data-delete], [data-sip-data], [data-receiving], [data-hand-over]");
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
    remove(id, name).catch((problem) => toast(problem.text));
  } else if (button.hasAttribute("data-hand-over")) {
    offer(id, name, true).catch((problem) => toast(problem.text));
  } else if (button.hasAttribute("data-receiving")) {
    const receiving = button.getAttribute("aria-checked") !== "true";
    try {
      await api("PATCH", `/staff/${id}/reception`, { body: { receiving } });
      refresh("staff");
    } catch (problem) {
      toast(problem.text);
    }
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
listen({ "staff.sip_status": again, "staff.system_status": again, "staff.changed": again, "staff.work_status": again }, again);
