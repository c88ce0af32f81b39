import { api, texts } from "./api.js";
import { editor, ordered, ticks } from "./editor.js";
import { toast, values } from "./forms.js";
import { listen, refresh } from "./page.js";

const rights = [...document.querySelectorAll("[data-right]")];
const groupRoles = ticks(document.getElementById("group-roles"));
const memberBox = document.getElementById("members-box");
const members = memberBox && ordered(memberBox);

function tick(granted) {
  const reach = new Map(granted.map((grant) => [grant.right, grant.reach]));
  for (const control of rights) {
    const given = reach.get(control.dataset.right);
    if (control.type === "checkbox") control.checked = Boolean(given);
    else control.value = given || "";
  }
}

const ticked = () => rights
  .map((control) => ({ right: control.dataset.right, reach: control.type === "checkbox" ? control.checked && "any" : control.value }))
  .filter(({ reach }) => reach);

document.getElementById("role-from")?.addEventListener("change", async (event) => {
  try {
    tick(event.target.value ? (await api("GET", `/roles/${event.target.value}`)).data.rights : []);
  } catch (problem) {
    toast(problem.text || texts.failed);
  }
});

editor({
  kind: "role", path: "/roles", part: "roles", made: () => location.reload(),
  collect: (form) => ({ ...values(form), rights: ticked() }),
  show: (form, role) => tick(role?.rights || []),
  changed: () => refresh("roles", "groups"),
});

editor({
  kind: "group", path: "/groups", part: "groups",
  collect: (form) => ({ ...values(form), roles: groupRoles.values(), members: members.ids() }),
  show: (form, group) => {
    groupRoles.set(group?.roles || []);
    members.clear();
    for (const member of group?.members || []) members.add(member);
  },
});

const again = () => refresh("roles", "groups");
listen({ "role.changed": again, "group.changed": again, "staff.changed": again }, again);
