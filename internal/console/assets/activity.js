// The live list of activity events. Text of the database only ever becomes textContent.
"use strict";

const keepRows = 2000; // in the page
const comma = new Intl.NumberFormat("en").format;

class Live {
  rows = []; // the newest first
  held = []; // the same, of those that came while the list was paused
  heldCount = 0;
  pool = [];
  feed = 0;
  chosen = null; // the n of the row that is chosen
  skipped = 0; // events that matched and are not in the list

  constructor() {
    this.list = $("list");
    this.window = $("window");
    this.form = $("filters");
    this.list.addEventListener("scroll", () => this.draw(), { passive: true });
    this.list.addEventListener("keydown", (e) => this.key(e));
    this.list.addEventListener("click", (e) => {
      const el = e.target.closest(".row");
      if (el) this.choose(el.index, true);
    });
    addEventListener("resize", () => this.draw());
    this.form.addEventListener("submit", (e) => e.preventDefault());
    this.form.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.connect(), 300);
    });
    this.form.addEventListener("reset", (e) => {
      e.preventDefault();
      for (const el of this.form.elements) {
        if (el.name === "stream" || el.type === "reset") continue;
        if (el.type === "checkbox") el.checked = false; else el.value = "";
      }
      this.connect();
    });
    $("more").addEventListener("click", () => {
      this.less(!this.form.classList.contains("less"));
    });
    this.less(![...this.form.querySelectorAll(".extra input")].some((el) => el.value));
    $("pause").addEventListener("click", () => this.pause(!this.paused));
    $("clear").addEventListener("click", () => this.clear());
    $("detail-close").addEventListener("click", () => this.closeDetail());
    $("copy").addEventListener("click", () => copy($("json").textContent, "The event", $("json")));
    $("copy-text").addEventListener("click", () => copy(JSON.parse($("json").textContent).commandText, "The statement's text"));
    $("detail").addEventListener("keydown", (e) => { if (e.key === "Escape") this.closeDetail(); });
    this.wanted = /^#(\d+\.\d+)$/.exec(location.hash)?.[1]; // FEED.N of the event to open, if there is one
    this.connect();
  }

  // less hides on a narrow screen the filters that are wanted less often.
  less(is) {
    this.form.classList.toggle("less", is);
    $("more").setAttribute("aria-expanded", String(!is));
    $("more").textContent = is ? "More filters" : "Fewer filters";
  }

  // query is what the form says, without what is empty.
  query() {
    const q = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) if (value) q.set(name, value);
    return q;
  }

  // connect begins the list anew, with the filters as they are.
  connect() {
    this.clear();
    history.replaceState(null, "", `?${this.query()}`);
    this.ended = false;
    this.fresh = true; // what comes first is of the last minutes
    this.listen();
  }

  listen() {
    clearTimeout(this.retry);
    this.source?.close();
    if (!this.ended) this.state("connecting", "busy");
    this.source = new EventSource(`${prefix}/activity/feed?${this.query()}`);
    this.source.onopen = () => {
      offline(false);
      this.tellState();
    };
    this.source.onerror = () => {
      if (!this.ended) {
        offline(true);
        this.state("connecting", "busy");
      }
      if (this.source.readyState === EventSource.CLOSED) this.retry = setTimeout(() => this.listen(), 3000); // else the browser does
    };
    this.source.onmessage = (e) => this.take(JSON.parse(e.data));
  }

  state(text, tone) {
    const el = $("feed-state");
    el.textContent = text;
    el.className = `status ${tone}`;
  }

  tellState() {
    if (this.ended) this.state("ended", "off");
    else if (this.paused) this.state("paused", "busy");
    else this.state("live", "good");
  }

  take(update) {
    if (update.feed !== this.feed && (!update.ended || update.rows.length)) { // it began anew: so do the numbers of rows
      this.clear();
      this.feed = update.feed;
    }
    this.ended = Boolean(update.ended);
    offline(false);
    this.tellState();
    const error = $("feed-error");
    error.hidden = !update.error && !update.ended;
    error.textContent = update.error ? `${update.unreadable ? `${comma(update.unreadable)} record(s) cannot be read. The last: ` : ""}${update.error}` : "";
    if (update.ended) error.textContent += " The stream has ended: it was stopped or deleted. The list goes on when it is started again.";
    const fresh = update.rows.reverse();
    this.skipped += update.skipped || 0;
    if (this.paused) {
      this.held = fresh.concat(this.held).slice(0, keepRows);
      this.heldCount += fresh.length;
      $("pause").textContent = `Resume (${comma(this.heldCount)})`;
    } else {
      this.add(fresh);
    }
    this.tell(update);
    this.fresh = false;
    if (!this.wanted) return;
    const [feed, n] = this.wanted.split(".");
    if (feed === String(this.feed)) this.open(Number(n));
    else toast("This event is no longer kept here. It is still in the stream.");
    this.wanted = "";
  }

  // tell says what part of the events is listed.
  tell(update) {
    clearTimeout(this.quiet);
    const filtered = [...this.query().keys()].some((name) => name !== "stream");
    const what = `${filtered ? "matching " : ""}${this.rows.length === 1 && !this.skipped ? "event" : "events"}`;
    let text = `${comma(this.rows.length)} ${what} listed, newest first.`;
    if (this.skipped) text += ` ${comma(this.skipped)} more were left out to keep the page quick; the stream has all of them.`;
    if (update && !this.fresh && update.matched > update.shown) {
      text = `Sampled: showing ${comma(update.shown)} of ${comma(update.matched)} ${what} that came in this second. Filter to see fewer; the stream has all of them.`;
    }
    if (update) this.quiet = setTimeout(() => this.tell(), 2000);
    if ($("sampling").textContent !== text) $("sampling").textContent = text;
    $("none").hidden = this.rows.length > 0 || this.heldCount > 0;
    const none = filtered ? "No event of the last minutes matches the filters. New ones that do appear here." : "No event in the last minutes. Run a statement in psql: it appears here.";
    if ($("none").textContent !== none) $("none").textContent = none;
  }

  add(fresh) {
    if (!fresh.length) return;
    this.rows = fresh.concat(this.rows).slice(0, keepRows);
    if (this.list.scrollTop > 0) this.list.scrollTop += fresh.length * this.rowHeight(); // what one reads stays
    this.draw();
  }

  pause(on) {
    this.paused = on;
    const button = $("pause");
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Resume" : "Pause";
    this.tellState();
    if (!on) {
      this.add(this.held);
      this.held = [];
      this.heldCount = 0;
      this.tell();
    }
  }

  clear() {
    this.rows = [];
    this.held = [];
    this.heldCount = 0;
    this.skipped = 0;
    this.list.scrollTop = 0;
    if (this.paused) $("pause").textContent = "Resume";
    this.draw();
    if (this.feed) this.tell();
  }

  rowHeight() { return parseInt(getComputedStyle(this.list).getPropertyValue("--row"), 10); }

  // draw fills as many elements as can be seen, whatever the list has.
  draw() {
    const h = this.rowHeight(), n = this.rows.length;
    this.window.style.height = `${n * h}px`;
    const from = Math.max(0, Math.floor(this.list.scrollTop / h) - 4);
    const to = Math.min(n, Math.ceil((this.list.scrollTop + this.list.clientHeight) / h) + 4);
    while (this.pool.length < to - from) this.pool.push(this.element());
    let chosenID = "";
    this.pool.forEach((el, k) => {
      const i = from + k;
      el.hidden = i >= to;
      if (el.hidden) return;
      this.fill(el, i, h);
      if (this.rows[i].n === this.chosen) chosenID = el.id;
    });
    if (chosenID) this.list.setAttribute("aria-activedescendant", chosenID);
    else this.list.removeAttribute("aria-activedescendant");
  }

  element() {
    const el = document.createElement("div");
    el.setAttribute("role", "option");
    el.cells = {};
    for (const name of ["t", "i", "c", "m", "o", "r", "u", "d", "x"]) {
      el.cells[name] = el.appendChild(document.createElement("span"));
    }
    el.cells.t.append("", document.createElement("small"));
    this.window.append(el);
    return el;
  }

  fill(el, i, h) {
    const row = this.rows[i], older = this.rows[i + 1], cells = el.cells;
    el.style.transform = `translateY(${i * h}px)`;
    el.setAttribute("aria-selected", String(row.n === this.chosen));
    el.index = i;
    if (el.row === row && el.older === older) return;
    [el.row, el.older] = [row, older];
    el.id = `row-${row.n}`;
    const same = older && older.s === row.s && older.i.split(".")[0] === row.i.split(".")[0];
    el.className = `row${row.b ? " sub" : ""}${row.e ? " failed" : ""}${same ? " same" : ""}`;
    cells.t.firstChild.data = row.t.slice(0, 8);
    cells.t.lastChild.textContent = row.t.slice(8);
    const texts = { i: row.i, c: row.c, m: row.m, o: row.o || "", r: row.r ?? "", u: row.u, d: row.d, x: row.e ? `${row.e} · ${row.x || ""}` : row.x || "" };
    for (const [name, text] of Object.entries(texts)) cells[name].textContent = text;
    for (const name of ["t", "i", "m", "o", "r", "u", "d", "x"]) cells[name].className = name;
    cells.c.className = `c class c-${row.c}`;
  }

  key(e) {
    const page = Math.max(1, Math.floor(this.list.clientHeight / this.rowHeight()) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -keepRows, End: keepRows };
    const at = this.rows.findIndex((row) => row.n === this.chosen);
    if (e.key in steps) {
      e.preventDefault();
      if (this.rows.length) this.choose(Math.min(this.rows.length - 1, Math.max(0, at + steps[e.key])), false);
    } else if ((e.key === "Enter" || e.key === " ") && at >= 0) {
      e.preventDefault();
      this.choose(at, true);
    }
  }

  choose(i, open) {
    const h = this.rowHeight();
    this.chosen = this.rows[i].n;
    if (i * h < this.list.scrollTop) this.list.scrollTop = i * h;
    else if ((i + 1) * h > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = (i + 1) * h - this.list.clientHeight;
    if (open || !$("detail").hidden) this.detail(this.rows[i], open);
    this.draw();
  }

  // about is the query that asks for an event, or for what belongs to it.
  about(n) { return new URLSearchParams({ stream: this.form.elements.stream.value, feed: this.feed, n }); }

  // open opens an event of this feed, whether it is listed or not.
  async open(n) {
    const answer = await fetch(`${prefix}/activity/group?${this.about(n)}`).catch(() => null);
    const row = answer?.ok && (await answer.json()).rows.find((one) => one.n === n);
    if (!row) {
      toast(answer && !answer.ok ? await answer.text() : "The event cannot be opened: das-local does not answer, or its statement has too many others.");
      return;
    }
    const at = this.rows.findIndex((one) => one.n === n);
    if (at >= 0) this.choose(at, true);
    else this.detail(row);
  }

  async detail(row, focus = true) {
    const q = this.about(row.n);
    $("detail").hidden = false;
    $("detail-title").textContent = `${row.m} ${row.i}`;
    $("detail-session").href = `${prefix}/session?${new URLSearchParams({ stream: q.get("stream"), id: row.s })}`;
    $("detail-only").href = `?${new URLSearchParams({ stream: q.get("stream"), session: row.s })}`;
    $("detail-statement").textContent = row.i.split(".")[0];
    if (focus) $("detail-title").focus({ preventScroll: true });
    this.shown = row.n;
    const read = async (what) => {
      const answer = await fetch(`${prefix}/activity/${what}?${q}`);
      return { ok: answer.ok, text: await answer.text() };
    };
    const [event, group] = await Promise.all([read("event"), read("group")]).catch(() => [{ text: "das-local does not answer." }, {}]);
    if (this.shown !== row.n) return; // another was chosen meanwhile
    $("json").textContent = event.text;
    $("copy-text").hidden = !event.ok || JSON.parse(event.text).commandText === null;
    const { rows, matched } = group.ok ? JSON.parse(group.text) : { rows: [], matched: 0 };
    $("group-hint").textContent = matched === 1 ? "It has this event alone."
      : matched ? `${comma(matched)} events: of the statement itself and of what ran inside it, such as functions and triggers, and of each relation it touched.` : "";
    $("group").replaceChildren(...rows.map((other) => this.member(other, row)));
    $("group").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  // member is an entry of the list of a statement's events.
  member(other, row) {
    const item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    if (other.n === row.n) button.setAttribute("aria-current", "true");
    for (const text of [other.i, other.c, `${other.m} ${other.o || ""} `]) button.appendChild(document.createElement("span")).textContent = text;
    button.children[0].className = other.b ? "sub" : "";
    button.children[1].className = `class c-${other.c}`;
    const sql = button.children[2].appendChild(document.createElement("span"));
    sql.className = "mono";
    sql.textContent = other.x || "";
    button.addEventListener("click", () => { this.chosen = other.n; this.detail(other); this.draw(); });
    item.append(button);
    return item;
  }

  closeDetail() {
    $("detail").hidden = true;
    this.shown = null;
    this.list.focus({ preventScroll: true });
  }
}

if ($("list")) new Live();
