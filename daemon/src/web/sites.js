import { api, texts } from "./api.js";
import { clearFaults, confirm, fill, onSubmit, toast, values } from "./forms.js";
import { act, listen, refresh } from "./page.js";

const dialog = document.getElementById("site-dialog");
const form = document.getElementById("site-form");
const snippet = document.getElementById("snippet");
let open = null;

const lines = (text) => (text || "").split("\n").map((line) => line.trim()).filter(Boolean);

function show(site, version) {
  open = site ? { id: site.id, version } : null;
  clearFaults(form);
  form.reset();
  const to = site?.department_id ? `department_id ${site.department_id}` : `staff_id ${site?.staff_id}`;
  if (site) fill(form, { ...site, to, origins: site.origins.join("\n"), subjects: site.subjects.join("\n") });
  else fill(form, { forms_call: true, enabled: true });
  document.getElementById("site-title").textContent = site ? dialog.dataset.titleEdit : dialog.dataset.titleNew;
  dialog.showModal();
  form.elements.name.focus();
}

if (form) {
  onSubmit(form, async () => {
    const { to, origins, subjects, ...body } = values(form);
    const [receiver, id] = to.split(" ");
    Object.assign(body, { [receiver]: id, origins: lines(origins), subjects: lines(subjects) });
    try {
      if (open) await api("PATCH", `/sites/${open.id}`, { body, version: open.version });
      else await api("POST", "/sites", { body });
    } catch (problem) {
      for (const fault of problem.fields || []) fault.field = fault.field.replace(/\[\d+\]$/, "");
      throw problem;
    }
    dialog.close();
    refresh("sites");
  });
}

function paste(key) {
  snippet.value = `<script src="${location.origin}/widget.js" data-site="${key}" async></script>`;
  document.getElementById("snippet-dialog").showModal();
  snippet.select();
}

document.getElementById("snippet-copy")?.addEventListener("click", async () => {
  snippet.select();
  try {
    await navigator.clipboard.writeText(snippet.value);
  } catch {
    // the clipboard belongs to pages by HTTPS
    document.execCommand("copy");
  }
  toast(texts.copied);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-add]")) return show(null);
  const button = event.target.closest("[data-call], [data-done], [data-snippet], [data-edit], [data-delete]");
  const row = button?.closest("tr");
  if (!row) return;
  const { id, name, key } = row.dataset;
  if (button.hasAttribute("data-call")) {
    act(() => api("POST", "/calls", { body: { request_id: id } }), "", "requests");
  } else if (button.hasAttribute("data-done")) {
    act(() => api("PATCH", `/requests/${id}`, { body: { state: "done" } }), "", "requests");
  } else if (button.hasAttribute("data-snippet")) {
    paste(key);
  } else if (button.hasAttribute("data-edit")) {
    act(async () => {
      const { data, version } = await api("GET", `/sites/${id}`);
      show(data, version);
    }, "");
  } else {
    confirm({
      title: texts.delete_site, text: texts.delete_site_text, what: name, yes: texts.delete,
      action: async () => {
        await api("DELETE", `/sites/${id}`);
        refresh("sites");
      },
    });
  }
});

const again = () => refresh("requests");
listen({ "request.created": again, "request.changed": again }, again);
