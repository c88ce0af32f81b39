// The card of whoever calls: who it is, a call to them, and the way to their record or to a new one.

import { texts } from "./api.js";
import { callClient } from "./calling.js";

const LASTS_MS = 60000;

export function raise(card) {
  document.getElementById("caller-card")?.remove();
  const { name, number } = card.caller;
  const box = element("aside", { id: "caller-card", className: "toast caller-card", role: "status" });
  box.append(element("b", { textContent: name || number || (card.caller.number_withheld ? texts.withheld : texts.unknown_caller) }));
  if (name && number) box.append(element("span", { textContent: number }));
  const link = element("a", { textContent: card.client ? texts.card_open : texts.card_new });
  link.href = card.client ? `/clients#${card.client.id}` : `/clients#new=${card.call_id}&number=${encodeURIComponent(number || "")}`;
  const close = element("button", { type: "button", textContent: texts.close });
  close.addEventListener("click", () => box.remove());
  box.append(link);
  if (card.client && "mayCall" in document.body.dataset) {
    const call = element("button", { type: "button", className: "call", textContent: texts.call });
    call.addEventListener("click", () => callClient(card.client.id));
    box.append(call);
  }
  box.append(close);
  document.body.append(box);
  setTimeout(() => box.remove(), LASTS_MS);
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
