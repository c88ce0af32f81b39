import { api, texts } from "./api.js";
import { confirm } from "./forms.js";
import { act, listen, refresh } from "./page.js";
import { play, playing, stop } from "./player.js";

const again = () => refresh("voicemail", "messages");

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-play], [data-call], [data-heard], [data-unheard], [data-delete]");
  const row = button?.closest("tr");
  if (!row) return;
  const { id, callId, name } = row.dataset;
  const mark = (heard) => act(() => api("PATCH", `/voicemails/${id}`, { body: { heard } }), "", "voicemail", "messages");
  if (button.hasAttribute("data-play")) play(`/api/v1/voicemails/${id}/media`, name);
  else if (button.hasAttribute("data-call")) act(() => api("POST", "/calls", { body: { call_id: callId } }), texts.calling);
  else if (button.hasAttribute("data-heard")) mark(true);
  else if (button.hasAttribute("data-unheard")) mark(false);
  else {
    confirm({
      title: texts.delete_voicemail, text: texts.delete_voicemail_text, what: name, yes: texts.delete,
      action: async () => {
        await api("DELETE", `/voicemails/${id}`);
        if (playing(id)) stop();
        again();
      },
    });
  }
});

listen({ "voicemail.created": again, "voicemail.changed": again, "voicemail.deleted": again }, again);
