import { api, texts } from "./api.js";
import { confirm } from "./forms.js";
import { listen, refresh } from "./page.js";

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-undo]")?.closest("tr");
  if (!row) return;
  confirm({
    title: texts.undo_ask, text: texts.undo_text, what: row.dataset.name, yes: texts.undo,
    action: async () => {
      await api("POST", `/revisions/${row.dataset.id}/undo`);
      refresh("history");
    },
  });
});

listen({}, () => refresh("history"));
