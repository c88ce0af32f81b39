// The forms of a site: "call me back" and an order. On the page:
//   <script src="https://pbx.example/widget.js" data-site="KEY" async></script>
// data-language="ru" or "en" (else the page's), data-button="none" for no button of its own. Anything on the page opens a
// form when it is clicked: data-frontdesk="callback" or "form", with data-subject="what is ordered".
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || !script.dataset.site) return;
  const base = `${new URL(script.src).origin}/api/v1/widget/${encodeURIComponent(script.dataset.site)}`;

  const words = {
    ru: {
      open: "Заказать звонок", callback: "Заказать звонок", form: "Оставить заявку", name: "Имя", number: "Телефон",
      subject: "Заказ на:", comment: "Комментарий", when: "Когда позвонить", now: "Сейчас", soon: "Как можно скорее",
      send: "Отправить", cancel: "Отмена", close: "Закрыть", choose: "Выберите",
      required: "Не заполнены все обязательные поля!", sending: "Подождите, идёт отправка…",
      thanks: "Спасибо, Ваша заявка принята. Мы свяжемся с Вами в ближайшее время.",
      wrong: "Проверьте номер телефона.", closed: "В это время мы не работаем. Выберите другое.",
      often: "Слишком много заявок. Попробуйте позже.", failed: "Не получилось отправить. Попробуйте ещё раз.",
    },
    en: {
      open: "Request a call", callback: "Request a call", form: "Send a request", name: "Name", number: "Phone",
      subject: "Order for:", comment: "Comment", when: "When to call", now: "Now", soon: "As soon as possible",
      send: "Send", cancel: "Cancel", close: "Close", choose: "Choose",
      required: "Not all required fields are filled in!", sending: "Please wait, sending…",
      thanks: "Thank you, your request has been accepted. We will contact you shortly.",
      wrong: "Check the telephone number.", closed: "We do not work then. Choose another time.",
      often: "Too many requests. Try again later.", failed: "It could not be sent. Try again.",
    },
  };
  const language = (script.dataset.language || document.documentElement.lang || navigator.language || "en").slice(0, 2).toLowerCase();
  const lang = ["ru", "be", "kk"].includes(language) ? "ru" : "en";
  const t = words[lang];

  const css = `
    :host { all: initial; color-scheme: light dark;
      --back: #fff; --text: #16202b; --muted: #55626f; --line: #aeb8c2; --accent: #0a5cc2; --on: #fff; --bad: #b3261e; }
    @media (prefers-color-scheme: dark) { :host {
      --back: #18212b; --text: #e8edf2; --muted: #a3b0bd; --line: #556372; --accent: #6fb0ff; --on: #0b1826; --bad: #ff9c94; } }
    * { box-sizing: border-box; font: 16px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
    [hidden] { display: none !important; }
    button { min-height: 44px; padding: 0 18px; border-radius: 8px; border: 1px solid var(--line); background: var(--back);
      color: var(--text); cursor: pointer; font-weight: 600; }
    button:disabled { opacity: .6; cursor: default; }
    .go { background: var(--accent); border-color: var(--accent); color: var(--on); }
    .open { position: fixed; right: 16px; bottom: 16px; z-index: 2147483000; border-radius: 999px; min-height: 52px;
      padding: 0 24px; box-shadow: 0 4px 16px rgb(0 0 0 / 30%); }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    dialog { width: min(400px, calc(100vw - 24px)); max-height: calc(100dvh - 24px); padding: 20px; border: 1px solid var(--line);
      border-radius: 14px; background: var(--back); color: var(--text); }
    dialog::backdrop { background: rgb(0 0 0 / 50%); }
    h2 { margin: 0 0 14px; font-size: 20px; font-weight: 700; }
    form { display: grid; gap: 12px; margin: 0; }
    label { display: grid; gap: 4px; font-size: 14px; font-weight: 600; color: var(--text); }
    input, select, textarea { width: 100%; min-height: 44px; padding: 8px 10px; border: 1px solid var(--line);
      border-radius: 8px; background: var(--back); color: var(--text); }
    textarea { min-height: 76px; resize: vertical; }
    [aria-invalid="true"] { border-color: var(--bad); box-shadow: 0 0 0 1px var(--bad); }
    .say { margin: 0; } .say:empty { display: none; } .bad { color: var(--bad); font-weight: 600; }
    .row { display: flex; gap: 10px; justify-content: flex-end; }
    .trap { position: absolute; left: -9999px; width: 1px; height: 1px; overflow: hidden; }`;

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "text") made.textContent = value;
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };
  const field = (text, control, required) =>
    element("label", {}, element("span", { text: required ? `${text} *` : text }), control);

  const host = element("div", { lang, "data-frontdesk-widget": true });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  const name = element("input", { name: "name", autocomplete: "name", maxlength: "200", "aria-required": "true" });
  const number = element("input", { name: "number", type: "tel", autocomplete: "tel", maxlength: "40", "aria-required": "true" });
  const typed = element("input", { name: "subject", maxlength: "200" });
  const chosen = element("select", { name: "subject-choice" });
  const when = element("select", { name: "when" });
  const comment = element("textarea", { name: "comment", maxlength: "2000" });
  const trap = element("input", { name: "website", tabindex: "-1", autocomplete: "off" });
  const fields = { subject: field(t.subject, typed), choice: field(t.subject, chosen), when: field(t.when, when), comment: field(t.comment, comment) };
  const title = element("h2", { id: "title" });
  const error = element("p", { class: "say bad", role: "alert" });
  const progress = element("p", { class: "say", role: "status" });
  const cancel = element("button", { type: "button", text: t.cancel, class: "cancel" });
  const send = element("button", { type: "submit", text: t.send, class: "go" });
  const form = element("form", { novalidate: true },
    field(t.name, name, true), field(t.number, number, true), fields.subject, fields.choice, fields.when, fields.comment,
    element("div", { class: "trap", "aria-hidden": "true" }, trap), error, element("div", { class: "row" }, cancel, send));
  const dialog = element("dialog", { "aria-labelledby": "title" }, title, form, progress,
    element("div", { class: "row", id: "done", hidden: true }, element("button", { type: "button", text: t.close, class: "close go" })));
  const done = dialog.lastElementChild;
  const opener = element("button", { type: "button", class: "open go", text: t.open, "aria-haspopup": "dialog" });
  if (script.dataset.button === "none") opener.hidden = true;
  root.append(opener, dialog);

  let kind = "callback";
  let key = "";
  let busy = false;

  const mark = (control, bad) => (bad ? control.setAttribute("aria-invalid", "true") : control.removeAttribute("aria-invalid"));
  const say = (text) => { error.textContent = text; };

  function show(wanted, subject) {
    kind = wanted === "form" ? "form" : "callback";
    // One opening is one request, however often it is sent.
    key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    form.reset();
    form.hidden = false;
    done.hidden = true;
    say("");
    progress.textContent = "";
    for (const control of [name, number, when]) mark(control, false);
    title.textContent = kind === "form" ? t.form : t.callback;
    fields.when.hidden = kind === "form";
    fields.comment.hidden = kind !== "form";
    offer([], false, [], subject);
    if (!dialog.open) dialog.showModal();
    name.focus();
    fetch(base).then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
      .then((site) => offer(site.subjects, site.open, site.times, subject)).catch(() => {});
  }

  function offer(subjects, open, times, subject) {
    const list = subject && !subjects.includes(subject) ? [] : subjects;
    fields.choice.hidden = list.length === 0;
    fields.subject.hidden = list.length > 0;
    const choices = list.map((text) => element("option", { value: text, text }));
    chosen.replaceChildren(element("option", { value: "", text: t.choose }), ...choices);
    chosen.value = subject || "";
    if (subject) typed.value = subject;
    const format = new Intl.DateTimeFormat(lang, { weekday: "short", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
    const moments = times.map((at) => element("option", { value: at, text: format.format(new Date(at)) }));
    when.replaceChildren(element("option", { value: "", text: open ? t.now : t.soon }), ...moments);
  }

  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    say("");
    const missing = [name, number].filter((control) => !control.value.trim());
    for (const control of [name, number, when]) mark(control, missing.includes(control));
    if (missing.length > 0) {
      say(t.required);
      missing[0].focus();
      return;
    }
    busy = true;
    progress.textContent = t.sending;
    send.disabled = true;
    const subject = fields.choice.hidden ? typed.value : chosen.value;
    const body = { kind, key, name: name.value, number: number.value, subject, page: location.href.slice(0, 500), website: trap.value };
    if (kind === "form") body.comment = comment.value;
    else if (when.value) body.call_at = when.value;
    try {
      const answer = await fetch(`${base}/requests`, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), credentials: "omit",
      });
      if (answer.ok) return thank();
      const problem = await answer.json().catch(() => ({}));
      refuse(answer.status, problem.fields || []);
    } catch {
      say(t.failed);
      progress.textContent = "";
    } finally {
      busy = false;
      send.disabled = false;
    }
  }

  function thank() {
    form.hidden = true;
    done.hidden = false;
    progress.textContent = t.thanks;
    done.firstElementChild.focus();
  }

  function refuse(status, faults) {
    progress.textContent = "";
    const wrong = (which) => faults.some((fault) => fault.field === which);
    if (faults.some((fault) => fault.code === "required")) say(t.required);
    else if (wrong("number")) say(t.wrong);
    else if (wrong("call_at")) say(t.closed);
    else say(status === 429 ? t.often : t.failed);
    for (const [which, control] of [["name", name], ["number", number], ["call_at", when]]) mark(control, wrong(which));
  }

  form.addEventListener("submit", submit);
  cancel.addEventListener("click", () => dialog.close());
  done.firstElementChild.addEventListener("click", () => dialog.close());
  opener.addEventListener("click", () => show("callback", ""));
  document.addEventListener("click", (event) => {
    const asks = event.target.closest?.("[data-frontdesk]");
    if (!asks) return;
    event.preventDefault();
    show(asks.dataset.frontdesk, asks.dataset.subject || "");
  });
  const place = () => document.body.append(host);
  if (document.body) place();
  else addEventListener("DOMContentLoaded", place);
})();
