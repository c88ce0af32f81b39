import { api, texts } from "./api.js";
import { clearFaults, confirm, onSubmit, toast, values } from "./forms.js";
import { listen, refresh } from "./page.js";
import { play, playing, stop } from "./player.js";

// a number in the address: what was played before is not what is there now
let turn = 0;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-play]");
  if (button) play(`${button.dataset.play}?${turn += 1}`, button.dataset.name);
  if (!event.target.closest("#music-back")) return;
  confirm({
    title: texts.back_ask, text: texts.back_text, what: "", yes: texts.back,
    action: async () => {
      await api("DELETE", "/music");
      if (playing("/music/")) stop();
      refresh("music");
    },
  });
});

// Sends the form's file; what is wrong with the body is wrong with the file.
async function send(method, path, { elements }) {
  try {
    return await api(method, path, { file: elements.file.files[0] });
  } catch (problem) {
    for (const fault of problem.fields || []) if (fault.field === "body") fault.field = "file";
    throw problem;
  }
}

const form = document.getElementById("music-form");
if (form) {
  onSubmit(form, async () => {
    await send("PUT", "/music", form);
    form.reset();
    if (playing("/music/")) stop();
    toast(texts.uploaded);
    refresh("music");
  });
}

const dialog = document.getElementById("prompt-dialog");
const promptForm = document.getElementById("prompt-form");
if (promptForm) {
  onSubmit(promptForm, async () => {
    const { name, replaces } = values(promptForm);
    const query = new URLSearchParams({ name, ...(replaces && { replaces }) });
    await send("POST", `/prompts?${query}`, promptForm);
    dialog.close();
    refresh("prompts");
  });
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-add=prompt]")) {
    promptForm.reset();
    clearFaults(promptForm);
    document.getElementById("prompt-title").textContent = dialog.dataset.titleNew;
    dialog.showModal();
    return promptForm.elements.name.focus();
  }
  const row = event.target.closest("#prompt-table [data-delete]")?.closest("tr");
  if (!row) return;
  const { id, name } = row.dataset;
  confirm({
    title: texts.delete_prompt, text: texts.delete_prompt_text, what: name, yes: texts.delete,
    action: async () => {
      await api("DELETE", `/prompts/${id}`);
      if (playing(id)) stop();
      refresh("prompts");
    },
  });
});

listen({}, () => {});
