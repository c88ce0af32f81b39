// Calls a client: one's own phone rings first. The server knows the number, which the page may not.

import { api, texts } from "./api.js";
import { toast } from "./forms.js";

export async function callClient(id) {
  try {
    await api("POST", "/calls", { body: { client_id: id } });
    toast(texts.calling);
  } catch (problem) {
    toast(problem.text || texts.failed);
  }
}
