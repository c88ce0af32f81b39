// The mailbox of a person or of a department: buttons `data-mailbox` in what says by `data-id` and `data-name` whose it is.

import { api, texts, whole } from "./api.js";
import { clearFaults, fill, onSubmit, toast, values } from "./forms.js";

const dialog = document.getElementById("mailbox-dialog");
const form = document.getElementById("mailbox-form");
const remove = document.getElementById("mailbox-remove");
let owner = "";
let open = null;

async function found() {
  return (await whole("/mailboxes")).find((one) => one[dialog.dataset.owner] === owner) || null;
}

function showGreeting() {
  const own = open?.greeting === "own";
  document.getElementById("mailbox-heard").textContent = own ? dialog.dataset.own : dialog.dataset.builtIn;
  remove.hidden = !own;
}

async function raise({ id, name }) {
  owner = id;
  open = await found();
  clearFaults(form);
  form.reset();
  if (open) fill(form, open);
  showGreeting();
  document.getElementById("mailbox-name").textContent = name;
  dialog.showModal();
  form.elements.enabled.focus();
}

// What is empty is said to be so: what is absent stays as it is.
function said() {
  const { enabled, language, longest_s, email_to_staff_id } = values(form);
  return { enabled, language: language ?? "", longest_s, email_to_staff_id: email_to_staff_id ?? "" };
}

async function save() {
  const [body, [file]] = [said(), form.elements.file.files];
  const answer = open
    ? await api("PATCH", `/mailboxes/${open.id}`, { body, version: `"${open.version}"` })
    : await api("POST", "/mailboxes", { body: { ...body, [dialog.dataset.owner]: owner } });
  open = answer.data;
  if (!file) return;
  try {
    await api("PUT", `/mailboxes/${open.id}/greeting`, { file });
  } catch (problem) {
    // all that can be wrong is wrong with the file
    if (problem.status >= 400 && problem.status < 500) problem.fields = [{ field: "file", text: dialog.dataset.wav }];
    throw problem;
  }
}

if (dialog) {
  onSubmit(form, async () => {
    await save();
    dialog.close();
  });
  remove.addEventListener("click", async () => {
    try {
      await api("DELETE", `/mailboxes/${open.id}/greeting`);
      open = await found();
      showGreeting();
      form.elements.file.focus();
    } catch (problem) {
      toast(problem.text || texts.failed);
    }
  });
  document.addEventListener("click", (event) => {
    const whose = event.target.closest("[data-mailbox]")?.closest("[data-id]");
    if (whose) raise(whose.dataset).catch((problem) => toast(problem.text || texts.failed));
  });
}
