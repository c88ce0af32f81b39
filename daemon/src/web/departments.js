import { editor, ordered } from "./editor.js";
import { values } from "./forms.js";
import "./mailbox.js";
import { listen, refresh } from "./page.js";
import "./timer.js";

const box = document.getElementById("members");
const list = box && ordered(box, (row, { penalty = 0, calls_at_once = 1 }) => {
  row.querySelector("[data-penalty]").value = penalty;
  row.querySelector("[data-at-once]").value = calls_at_once;
});

function members() {
  return [...list.rows.children].map((row, place) => ({
    staff_id: row.dataset.item, place,
    penalty: Number(row.querySelector("[data-penalty]").value),
    calls_at_once: Number(row.querySelector("[data-at-once]").value) || 1,
  }));
}

// ranks are of no use to the other strategies
const ranks = (form) => box.classList.toggle("linear", form.elements["queue.strategy"].value === "linear");

editor({
  kind: "department", path: "/departments", part: "departments",
  also: [{ name: "desk", path: (id) => `/departments/${id}/reception` }],
  collect: (form) => ({ ...values(form), members: members() }),
  // a rule that is chosen anew takes its number as it is shown, an empty one too
  write: (body, form) => {
    if (body.queue?.vip === "strict") body.queue.overtaken_at_most_s = values(form)["queue.overtaken_at_most_s"];
    return body;
  },
  show: (form, department) => {
    list.clear();
    for (const member of department?.members || []) list.add(member.staff_id, member);
    form.onchange = () => ranks(form);
    ranks(form);
  },
});

const again = () => refresh("departments");
listen({
  "call.queued": again, "call.answered": again, "call.ended": again, "call.created": again, "call.transferred": again,
  "staff.sip_status": again, "staff.changed": again,
}, again);
