import { api, texts } from "./api.js";
import { onSubmit, toast, values } from "./forms.js";
import "./forwarding.js";
import "./page.js";

const [begin, on, off, all] = ["begin", "on", "off", "all"].map((name) => document.getElementById(`factor-${name}`));

if (begin) onSubmit(begin, async () => {
  const { data } = await api("POST", "/me/two-factor");
  document.getElementById("factor-qr").src = `data:image/svg+xml,${encodeURIComponent(data.qr ?? "")}`;
  document.getElementById("factor-secret").textContent = data.secret.match(/.{1,4}/g).join(" ");
  begin.hidden = true;
  on.hidden = false;
  on.elements.code.focus();
});

if (on) onSubmit(on, async () => {
  const { data } = await api("POST", "/me/two-factor/confirm", { body: values(on) });
  const place = document.getElementById("factor-codes");
  for (const code of data.recovery_codes) {
    const row = document.createElement("li");
    row.append(Object.assign(document.createElement("code"), { textContent: code }));
    place.querySelector("ul").append(row);
  }
  on.hidden = true;
  place.hidden = false;
});

document.getElementById("factor-kept")?.addEventListener("click", () => location.reload());

if (off) onSubmit(off, async () => {
  await api("POST", "/me/two-factor/disable", { body: values(off) });
  location.reload();
});

if (all) onSubmit(all, async () => {
  const { data } = await api("PATCH", "/account", { body: values(all), version: `"${all.dataset.version}"` });
  all.dataset.version = data.version;
  toast(texts.saved);
});
