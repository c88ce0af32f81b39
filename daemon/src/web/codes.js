import { settings } from "./editor.js";
import { clearFaults } from "./forms.js";
import { listen } from "./page.js";

document.getElementById("print").addEventListener("click", () => print());

document.getElementById("codes-change")?.addEventListener("click", () => {
  const dialog = document.getElementById("codes-dialog");
  const form = document.getElementById("codes-form");
  form.reset();
  clearFaults(form);
  dialog.showModal();
  form.querySelector("input").focus();
});

settings({ form: "codes-form", path: "/feature-codes" }, () => location.reload());

listen({}, () => {});
