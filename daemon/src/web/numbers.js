import { editor, settings } from "./editor.js";
import { listen, refresh } from "./page.js";

const WHO = ["staff_id", "department_id", "menu_id", "mailbox_id"];

editor({
  kind: "number", path: "/numbers", part: "numbers",
  also: [
    { name: "desk", path: (id) => `/numbers/${id}/reception` },
    { name: "greeting", path: (id) => `/numbers/${id}/greeting`, method: "PUT" },
  ],
  read: (number) => ({ ...number, to: Object.fromEntries(WHO.map((who) => [who, number[who] ?? null])) }),
  write: ({ to, ...body }) => ({ ...body, ...to }),
  faults: (field) => (WHO.includes(field) ? "to" : field),
  changed: () => refresh("numbers", "shown"),
});

settings({ form: "shown-form", path: "/account" }, () => refresh("numbers"));

const again = () => refresh("numbers");
listen({ "staff.changed": again }, again);
