import { api } from "./api.js";
import { onSubmit, values } from "./forms.js";

const form = document.getElementById("login");

// Only a path of our own: never another site.
function next() {
  const wanted = new URLSearchParams(location.search).get("next") || "/";
  const url = new URL(wanted, location.origin);
  return url.origin === location.origin ? url.pathname + url.search : "/";
}

onSubmit(form, async () => {
  try {
    await api("POST", "/login", { body: values(form) });
    location.assign(next());
  } catch (problem) {
    const { code } = form.elements;
    if (problem.code === "code_required" || problem.code === "wrong_code") {
      document.getElementById("login-second").hidden = false;
      code.disabled = false;
      code.value = "";
      code.focus();
      throw problem;
    }
    form.elements.password.value = "";
    form.elements.password.focus();
    throw problem;
  }
});
