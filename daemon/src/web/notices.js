import { act, listen, refresh, watch } from "./page.js";
import { api, texts } from "./api.js";

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-again]")?.closest("tr");
  if (row) act(() => api("POST", `/notices/${row.dataset.id}/retry`), texts.queued, "notices");
});

watch("notices");
listen({}, () => refresh("notices"));
