import { api, texts } from "./api.js";
import { editor } from "./editor.js";
import { clearFaults, onSubmit, toast, values } from "./forms.js";
import { listen, refresh } from "./page.js";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const hours = (text) => (text || "").split(",").map((part) => part.replace(/\s+/g, "").replace(/[–—]/g, "-")).filter(Boolean);

// Rows of fields that are added and removed; a row without a date is none.
function rows(box) {
  const [list, pattern] = [box.querySelector("[data-rows]"), box.querySelector("template")];
  const add = (item = {}) => {
    const row = pattern.content.firstElementChild.cloneNode(true);
    for (const field of row.querySelectorAll("[data-key]")) field.value = item[field.dataset.key] ?? "";
    list.append(row);
    return row;
  };
  box.querySelector("[data-more]").addEventListener("click", () => add().querySelector("input").focus());
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-remove]")?.closest("li");
    if (!row) return;
    ((row.nextElementSibling || row.previousElementSibling)?.querySelector("[data-remove]") || box.querySelector("[data-more]")).focus();
    row.remove();
  });
  const read = (row) => Object.fromEntries([...row.querySelectorAll("[data-key]")].map((field) => [field.dataset.key, field.value.trim()]));
  return { add, clear: () => list.replaceChildren(), all: () => [...list.children].map(read).filter((item) => item.date || item.name || item.hours) };
}

const form = document.getElementById("schedule-form");
const dates = form && rows(document.getElementById("dates"));

function week(said) {
  const state = (day) => form.elements[`state.${day}`].value;
  const told = DAYS.filter((day) => state(day) !== "unknown");
  return Object.fromEntries(told.map((day) => [day, state(day) === "off" ? [] : hours(said[`week.${day}`])]));
}

editor({
  kind: "schedule", path: "/schedules", part: "schedules", made: () => refresh("schedules", "people"), changed: () => refresh("schedules", "people"),
  read: ({ week: known, ...schedule }) => ({
    ...schedule, dates: null,
    state: Object.fromEntries(DAYS.map((day) => [day, !known[day] ? "unknown" : known[day].length > 0 ? "open" : "off"])),
    week: Object.fromEntries(DAYS.map((day) => [day, (known[day] || []).join(", ")])),
  }),
  collect: (of) => {
    const said = values(of);
    const own = Object.entries(said).filter(([name]) => !name.startsWith("week.") && !name.startsWith("state."));
    const special = dates.all().map((one) => [one.date, hours(one.hours)]);
    return { ...Object.fromEntries(own), week: week(said), dates: Object.fromEntries(special) };
  },
  show: (of, schedule) => {
    dates.clear();
    for (const [date, open] of Object.entries(schedule?.dates || {})) dates.add({ date, hours: open.join(", ") });
    if (schedule) return;
    of.elements.time_zone.value = of.dataset.zone;
    for (const day of DAYS) {
      const works = day !== "sat" && day !== "sun";
      of.elements[`state.${day}`].value = works ? "open" : "off";
      of.elements[`week.${day}`].value = works ? "09:00-18:00" : "";
    }
  },
});

if (form) {
  const zones = document.getElementById("zones");
  for (const value of Intl.supportedValuesOf?.("timeZone") || []) zones.append(Object.assign(document.createElement("option"), { value }));

  document.getElementById("copy-monday").addEventListener("click", () => {
    for (const day of DAYS.slice(1, 5)) {
      form.elements[`state.${day}`].value = form.elements["state.mon"].value;
      form.elements[`week.${day}`].value = form.elements["week.mon"].value;
    }
    form.dispatchEvent(new Event("change"));
  });

  const dialog = document.getElementById("holidays-dialog");
  const list = document.getElementById("holidays-form");
  const holidays = rows(document.getElementById("items"));
  let seen = null;
  document.getElementById("holidays-title").closest("[data-part]").parentElement.addEventListener("click", async (event) => {
    if (!event.target.closest("#holidays-edit")) return;
    try {
      const { data, version } = await api("GET", "/holidays");
      seen = version;
      clearFaults(list);
      holidays.clear();
      for (const item of data.items) holidays.add(item);
      if (data.items.length === 0) holidays.add();
      dialog.showModal();
      list.querySelector("input").focus();
    } catch (problem) {
      toast(problem.text || texts.failed);
    }
  });
  onSubmit(list, async () => {
    await api("PUT", "/holidays", { body: { items: holidays.all() }, version: seen });
    dialog.close();
    refresh("holidays");
  });
}

editor({
  kind: "person", path: (id) => `/staff/${id}/reception`, part: "people",
  show: (of, person, id) => {
    document.getElementById("person-name").textContent = document.querySelector(`#people-table tr[data-id="${CSS.escape(id)}"]`).dataset.name;
  },
});

const again = () => refresh("people");
listen({ "staff.changed": again, "staff.work_status": again }, again);
