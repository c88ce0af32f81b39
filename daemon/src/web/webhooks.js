import { api, texts } from "./api.js";
import { editor, ticks } from "./editor.js";
import { confirm, copyText, values } from "./forms.js";
import { act, listen, refresh, watch } from "./page.js";

const events = ticks(document.getElementById("events"));
const secretDialog = document.getElementById("secret-dialog");
const secret = document.getElementById("secret");

// Shown once; the lists are read anew when it is closed.
function tell(text) {
  secret.textContent = text;
  secretDialog.showModal();
}

secretDialog?.addEventListener("close", () => {
  secret.textContent = "";
  refresh("webhooks");
});
document.getElementById("secret-copy")?.addEventListener("click", () => copyText(secret));

editor({
  kind: "webhook", path: "/webhooks", part: "webhooks",
  collect: (form) => ({ ...values(form), events: events.values() }),
  show: (form, hook) => {
    events.set(hook?.events || []);
    if (!hook) form.elements.enabled.checked = true;
  },
  made: (hook) => tell(hook.secret),
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-test], [data-renew], [data-again]");
  const { id, name } = button?.closest("tr").dataset || {};
  if (!id) return;
  if (button.hasAttribute("data-test")) {
    act(() => api("POST", `/webhooks/${id}/test`), texts.tested, "deliveries", "webhooks");
  } else if (button.hasAttribute("data-again")) {
    act(() => api("POST", `/webhook-deliveries/${id}/resend`), texts.queued, "deliveries", "webhooks");
  } else {
    confirm({
      title: texts.renew_ask, text: texts.renew_text, what: name, yes: texts.renew,
      action: async () => tell((await api("POST", `/webhooks/${id}/secret`)).data.secret),
    });
  }
});

watch("deliveries", "webhooks");
listen({}, () => refresh("webhooks", "deliveries"));
