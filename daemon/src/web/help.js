import { api, texts } from "./api.js";
import { act, listen } from "./page.js";

document.addEventListener("click", (event) => {
  const useful = event.target.closest("[data-useful]")?.dataset.useful;
  if (!useful) return;
  const { topic } = document.getElementById("help").dataset;
  act(() => api("PUT", `/help/${topic}/opinion`, { body: { useful: useful === "true" } }), texts.thanks, "opinion");
});

listen({}, () => {});
