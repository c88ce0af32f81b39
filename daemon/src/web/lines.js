import { editor, ordered, settings } from "./editor.js";
import { copyText, values } from "./forms.js";
import { listen, refresh } from "./page.js";

const words = (text) => (text || "").split(/[\s,;]+/).filter(Boolean);
const lines = (text) => (text || "").split("\n").map((line) => line.trim()).filter(Boolean);

const [codecBox, trunkBox] = ["codecs-box", "trunk_ids-box"].map((id) => document.getElementById(id));
const codecs = codecBox && ordered(codecBox);
const trunks = trunkBox && ordered(trunkBox);
const sipDialog = document.getElementById("sip-dialog");

// `host:port transport`, brackets around addresses of IPv6
function server(text) {
  const [address, transport] = text.split(/\s+/);
  const [, host, port] = address.match(/^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/) || [null, address];
  return { host, ...(port && { port: Number(port) }), ...(transport && { transport: transport.toLowerCase() }) };
}

const written = ({ host, port, transport }) => `${host}${port ? `:${port}` : ""}${transport === "auto" ? "" : ` ${transport}`}`;

function read(line) {
  const [first, ...more] = line.servers;
  const kind = line.sip_user ? "gateway" : line.registration ? "registration" : "address";
  return {
    ...line, kind, server: first || { transport: "auto" }, more_servers: more.map(written).join("\n"),
    sources: line.sources.join("\n"), prefixes: line.prefixes.join(" "), registration: line.registration || {},
  };
}

function write({ kind, server: first, more_servers, ...body }, form) {
  const said = values(form);
  if (kind === "gateway") body.registers_with_us = true;
  else if (kind) body.registers_with_us = false;
  if (first || more_servers !== undefined) {
    const own = { host: said["server.host"], port: said["server.port"] ?? undefined, transport: said["server.transport"] };
    body.servers = [...(own.host ? [own] : []), ...lines(said.more_servers).map(server)];
  }
  if ("sources" in body) body.sources = lines(body.sources);
  if ("prefixes" in body) body.prefixes = words(body.prefixes).map((prefix) => prefix.replace(/^\+/, ""));
  return body;
}

// the first server has fields of its own
function faults(field) {
  const [, at, rest] = field.match(/^servers\[(\d+)\]\.?(.*)$/) || [];
  if (field === "servers") return "server.host";
  if (at === undefined) return field;
  return at === "0" ? `server.${rest || "host"}` : "more_servers";
}

// The data of a new gateway are shown once; other lists of the page know the line from then on.
function made(data) {
  if (!data.sip) return location.reload();
  for (const place of sipDialog.querySelectorAll("[data-fact]")) {
    const value = data.sip[place.dataset.fact];
    place.textContent = Array.isArray(value) ? value.join(", ") : value ?? "";
  }
  sipDialog.addEventListener("close", () => location.reload(), { once: true });
  sipDialog.showModal();
}

sipDialog?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copyText(sipDialog.querySelector(`[data-fact="${button.dataset.copy}"]`));
});

editor({
  kind: "line", path: "/trunks", part: "lines", read, write, faults, made,
  collect: (form) => ({ ...values(form), codecs: codecs.ids() }),
  show: (form, line) => {
    const password = form.elements["registration.password"];
    password.required = !line;
    form.elements["server.host"].required = !line || line.servers.length > 0;
    codecs.clear();
    for (const codec of line?.codecs || []) codecs.add(codec);
  },
});

editor({
  kind: "route", path: "/outbound-routes", part: "routes",
  read: (route) => ({ ...route, calls: route.emergency ? "emergency" : route.prefix === "+" ? "all" : "prefix" }),
  write: ({ calls, ...body }) => ({
    ...body, ...(calls === "emergency" && { emergency: true }), ...(calls === "all" && { prefix: "+" }),
  }),
  collect: (form) => ({ ...values(form), trunk_ids: trunks.ids() }),
  show: (form, route) => {
    trunks.clear();
    for (const trunk of route?.trunk_ids || []) trunks.add(trunk);
  },
});

settings({
  form: "emergency-form", path: "/emergency",
  write: (body) => ({ ...body, ...("numbers" in body && { numbers: words(body.numbers) }) }),
}, () => refresh("emergency"));

const again = () => refresh("lines");
listen({ "trunk.changed": again }, again);
