import { editor, nest, targets } from "./editor.js";
import { values } from "./forms.js";
import { listen, refresh } from "./page.js";

const SECONDS = ["timeout", "between"];

// A key that ends the call leads nowhere, `null`; one that is not used is absent. In the form the first one is `end`.
function keys(form) {
  const chosen = nest(targets(form, values(form))).keys;
  const used = Object.entries(chosen).filter(([, to]) => to !== null);
  return Object.fromEntries(used.map(([key, to]) => [key, "end" in to ? null : to]));
}

editor({
  kind: "menu", path: "/menus", part: "menus",
  read: ({ keys: all, ...menu }) => ({
    ...menu,
    keys: Object.fromEntries(Object.entries(all).map(([key, to]) => [key, to ?? { end: "" }])),
    ...Object.fromEntries(SECONDS.map((name) => [`${name}_s`, menu[`${name}_ms`] / 1000])),
  }),
  write: (body, form) => {
    for (const name of SECONDS) {
      if (`${name}_s` in body) body[`${name}_ms`] = body[`${name}_s`] * 1000;
      delete body[`${name}_s`];
    }
    // all of them or none
    if (body.keys) body.keys = keys(form);
    return body;
  },
  faults: (field) => field.replace(/^(timeout|between)_ms$/, "$1_s"),
});

const again = () => refresh("menus");
listen({ "staff.changed": again }, again);
