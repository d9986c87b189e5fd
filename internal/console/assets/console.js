// The console's script: state changes, and sections that refresh themselves. Text of the
// database only ever becomes textContent.
"use strict";

const meta = (name) => document.querySelector(`meta[name=das-${name}]`).content;
const prefix = meta("prefix"), token = meta("token");
const $ = (id) => document.getElementById(id);

// ---- State changes ----

let toastTimer;
function toast(text) {
  const el = $("toast");
  el.textContent = text;
  el.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { el.hidden = true; }, 6000);
}

// offline says whether das-local answers. It is told when that changes.
let answered = new Date();
function offline(is) {
  const el = $("offline"), time = answered.toISOString().slice(11, 19);
  if (!is) answered = new Date();
  if (is === !el.hidden) return;
  el.textContent = is ? `das-local does not answer: it has ended, or is just starting. What you see is of ${time} UTC; the page goes on by itself.` : "";
  el.hidden = !is;
}

// copy puts a text on the clipboard. If the browser does not allow that, as by plain HTTP
// and a name, and not the old way either, it selects the element that shows the text.
async function copy(text, what, shownBy) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const focused = document.activeElement, field = document.createElement("textarea");
    field.value = text;
    field.className = "hide";
    document.body.append(field);
    field.select();
    done = document.execCommand("copy");
    field.remove();
    focused?.focus({ preventScroll: true });
    if (!done && shownBy) getSelection().selectAllChildren(shownBy);
  }
  toast(done ? `${what} is copied.` : shownBy ? `${what} is selected: copy it with Ctrl+C.` : "The browser does not allow copying here: select the text, and press Ctrl+C.");
}

// named tells an element from others of the page, also from what it is replaced by.
const named = (el) => [el.tagName, el.getAttribute("aria-label") || el.textContent, el.getAttribute("href"), ...Object.values(el.dataset)].join("\n");
const focusable = "a[href], button, summary, input, select, [tabindex]";
const find = (root, name) => [...root.querySelectorAll(focusable)].find((el) => named(el) === name);

// change posts an action; it throws an Error with the cause if it did not succeed.
async function change(action, fields) {
  let answer;
  try {
    answer = await fetch(`${prefix}/do/${action}`, { method: "POST", headers: { "X-Das-Token": token }, body: new URLSearchParams(fields) });
  } catch {
    throw new Error("das-local does not answer.");
  }
  const body = await answer.json().catch(() => ({ error: `The answer has status ${answer.status}.` }));
  if (!answer.ok) throw new Error(body.error);
  toast(body.message);
  refreshAll();
}

let opener; // names what has opened the dialog
function openDialog(button) {
  const dialog = $(button.dataset.dialog), form = dialog.querySelector("form");
  form.reset();
  showError(form, "");
  for (const [name, value] of Object.entries(button.dataset)) {
    const field = form.elements.namedItem(name);
    if (field && field.type === "hidden") field.value = value;
    for (const el of form.querySelectorAll(`[data-fill="${name}"]`)) el.textContent = value;
  }
  fitFields(form);
  opener = named(button.closest(".menu") ? button.closest(".menu").querySelector("summary") : button);
  closeMenus();
  dialog.showModal();
}

// fitFields shows of a form the fields that the chosen kind takes.
function fitFields(form) {
  const kind = form.elements.kind?.selectedOptions[0];
  if (!kind) return;
  const takes = kind.dataset.takes.split(" "), needs = kind.dataset.needs.split(" "), what = kind.dataset.what;
  $("kind-what").textContent = `${what[0].toUpperCase()}${what.slice(1)}.`;
  for (const label of form.querySelectorAll("[data-field]")) {
    const field = label.querySelector("input, select"), name = label.dataset.field;
    label.hidden = field.disabled = !takes.includes(name);
    field.required = needs.includes(name);
  }
}
document.addEventListener("change", (e) => { if (e.target.name === "kind") fitFields(e.target.form); });

function showError(form, text) {
  const el = form.querySelector(".error");
  el.textContent = text;
  el.hidden = !text;
}

function closeMenus(but) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== but) menu.open = false;
}

document.addEventListener("click", (e) => {
  const button = e.target.closest("button");
  closeMenus(e.target.closest("details.menu"));
  if (!button) return;
  if (button.dataset.dialog) openDialog(button);
  else if ("close" in button.dataset) button.closest("dialog").close();
  else if (button.dataset.copy) copy(button.dataset.copy, button.dataset.copy);
  else if (button.dataset.copyOf) copy($(button.dataset.copyOf).textContent, button.getAttribute("aria-label").replace("Copy ", ""), $(button.dataset.copyOf));
  else if (button.dataset.do) {
    button.closest(".menu")?.querySelector("summary").focus({ preventScroll: true });
    closeMenus();
    change(button.dataset.do, { id: button.dataset.id || "", alias: button.dataset.alias || "" }).catch((err) => toast(err.message));
  }
});

document.addEventListener("submit", async (e) => {
  const form = e.target;
  if (!form.dataset.do) return;
  e.preventDefault();
  const send = form.querySelector("[type=submit]");
  send.disabled = true;
  showError(form, "");
  try {
    await change(form.dataset.do, new FormData(form));
    form.closest("dialog").close();
  } catch (err) {
    showError(form, err.message);
  } finally {
    send.disabled = false;
  }
});

document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// An open menu stands over everything: the table that it is in scrolls by itself.
document.addEventListener("toggle", (e) => {
  if (!e.target.matches || !e.target.matches("details.menu") || !e.target.open) return;
  const at = e.target.querySelector("summary").getBoundingClientRect(), list = e.target.querySelector("div");
  const { offsetWidth: w, offsetHeight: h } = list;
  list.style.left = `${Math.max(8, at.right - w)}px`;
  list.style.top = `${at.bottom + h + 8 > innerHeight ? Math.max(8, at.top - h - 3) : at.bottom + 3}px`;
}, true);
addEventListener("scroll", () => closeMenus(), { passive: true, capture: true });
addEventListener("focusin", (e) => closeMenus(e.target.closest("details.menu")));

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("close", () => (find(document, opener) || $("main")).focus({ preventScroll: true }));
}

document.querySelector(".top [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
for (const form of document.querySelectorAll("form[data-auto]")) form.addEventListener("change", () => form.submit());

// ---- Sections that refresh themselves ----

// While a button of the mouse is down nothing is replaced: the click would be lost.
let pressed = false;
addEventListener("pointerdown", () => { pressed = true; }, true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => { pressed = false; }), true);

// refresh takes a section from the page as it is now. It leaves one alone that is in use.
async function refresh(section) {
  let answer;
  try {
    answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  } catch {
    offline(true);
    return;
  }
  offline(false);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (page.querySelector("meta[name=das-token]")?.content !== token) { // it is another das-local
    if (!document.querySelector("dialog[open]")) location.reload();
    return;
  }
  if (!answer.ok) return; // what is shown may have been deleted
  const fresh = page.getElementById(section.id), selection = getSelection();
  if (!fresh || fresh.innerHTML === section.innerHTML || pressed || section.querySelector("details[open]")) return;
  if (!selection.isCollapsed && section.contains(selection.anchorNode)) return;
  const focused = document.activeElement, at = [...section.querySelectorAll(focusable)].indexOf(focused);
  section.replaceChildren(...fresh.childNodes);
  if (at >= 0) (find(section, named(focused)) || section.querySelectorAll(focusable)[at] || $("main")).focus({ preventScroll: true });
}

async function keepFresh(section) {
  for (;;) {
    await new Promise((done) => setTimeout(done, Number(section.dataset.refresh)));
    if (!document.hidden) await refresh(section);
  }
}
const sections = [...document.querySelectorAll("[data-refresh]")];
const refreshAll = () => sections.forEach(refresh);
sections.forEach(keepFresh);
