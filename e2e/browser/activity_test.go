package browser

import (
	"fmt"
	"strings"
	"testing"
)

// rowWith is an expression for the row of the live list that has a text.
func rowWith(text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".row:not([hidden])")].find((r) => r.innerText.includes(%q))`, text)
}

// TestActivity: live, filtered, paused, opened, copied; with the mouse and by keyboard.
func TestActivity(t *testing.T) {
	for i, s := range []screen{wide, narrow} {
		t.Run(s.String(), func(t *testing.T) {
			b := open(t, s)
			conn := connect(t, "activity")
			b.visit(prefix + "/activity")
			b.await("the list to be live", `document.querySelector("#feed-state").textContent === "live"`)
			mustExec(t, conn, fmt.Sprintf("select 'one', %d", i))
			b.await("the event", rowWith(fmt.Sprintf("select 'one', %d", i)))
			b.await("it to be the newest", fmt.Sprintf(`document.querySelector("#row-" + Math.max(...[...document.querySelectorAll(".row:not([hidden])")].map((r) => Number(r.id.slice(4))))).innerText.includes("select 'one', %d")`, i))

			b.click("#pause")
			mustExec(t, conn, fmt.Sprintf("select 'held', %d", i))
			b.await("what is held back to be counted", `document.querySelector("#pause").textContent.startsWith("Resume (")`)
			if js[bool](b, "!!"+rowWith(fmt.Sprintf("select 'held', %d", i))) {
				t.Error("a paused list goes on")
			}
			b.click("#pause")
			b.await("what was held back", rowWith(fmt.Sprintf("select 'held', %d", i)))

			_ = try(t, conn, fmt.Sprintf("select * from nowhere_%d", i))
			b.click("[name=failed]")
			b.await("only errors", fmt.Sprintf(`(%s) && [...document.querySelectorAll(".row:not([hidden])")].every((r) => r.classList.contains("failed"))`, rowWith(fmt.Sprintf("nowhere_%d", i))))
			b.click("[name=failed]")
			b.pick("[name=class]", "MISC")
			b.await("only one class", `document.querySelector(".row:not([hidden])") && [...document.querySelectorAll(".row:not([hidden]) .c")].every((c) => c.textContent === "MISC")`)
			if s.width < 700 {
				b.click("#more")
			}
			b.click("#reset")
			for field, value := range map[string]string{"command": "SELECT", "user": "postgres", "database": "postgres"} {
				b.fill("[name="+field+"]", value)
			}
			b.fill("[name=text]", fmt.Sprintf("'held', %d", i))
			b.await("one row", fmt.Sprintf(`document.querySelectorAll(".row:not([hidden])").length === 1 && %s`, rowWith(fmt.Sprintf("select 'held', %d", i))))
			if q := js[string](b, "location.search"); !strings.Contains(q, "command=SELECT") {
				t.Errorf("the address has %q", q)
			}

			js[any](b, `(document.querySelector("#list").focus(), null)`)
			b.key("ArrowDown")
			b.key("Enter")
			b.await("the record", fmt.Sprintf(`document.querySelector("#json").textContent.includes("select 'held', %d")`, i))
			b.await("the focus in it", `document.querySelector("#detail").contains(document.activeElement)`)
			b.click("#copy")
			b.await("a word about the copy", `/copied|selected/.test(document.querySelector("#toast").textContent)`)
			b.key("Escape")
			b.await("it to close", `document.querySelector("#detail").hidden && document.activeElement.id === "list"`)
		})
	}
}

// TestTimeLine: from an event to its session's time line, and from there to another event.
func TestTimeLine(t *testing.T) {
	for i, s := range []screen{wide, narrow} {
		t.Run(s.String(), func(t *testing.T) {
			b := open(t, s)
			conn := connect(t, "timeline")
			b.visit(prefix + "/activity")
			b.await("the list to be live", `document.querySelector("#feed-state").textContent === "live"`)
			mustExec(t, conn, fmt.Sprintf("select 'first in line', %d", i))
			mustExec(t, conn, fmt.Sprintf("select 'second in line', %d", i))
			second := rowWith(fmt.Sprintf("select 'second in line', %d", i))
			b.await("the event", second)
			b.clickOn("the event", second)
			b.click("#detail-session")
			line := fmt.Sprintf(`[...document.querySelectorAll(".timeline li")].find((li) => li.innerText.includes("select 'first in line', %d"))`, i)
			b.await("the time line", line)
			b.clickOn("the number of the first", line+`.querySelector("a.id")`)
			b.await("the first event", fmt.Sprintf(`document.querySelector("#json")?.textContent.includes("select 'first in line', %d")`, i))
			b.await("its row to be chosen", fmt.Sprintf(`document.querySelector(".row[aria-selected=true]").innerText.includes("select 'first in line', %d")`, i))
			feed := js[string](b, `new URLSearchParams(location.search).get("stream")`)
			b.visit("/") // else only the fragment would change
			b.visit(prefix + "/activity?stream=" + feed + "#1.1")
			b.await("a word that an event is gone", `document.querySelector("#toast").textContent.includes("no longer kept here")`)
			b.visit("/")
			b.visit(prefix + "/activity?stream=" + feed + "#main") // where "Skip to content" leads
			b.await("the list to be live", `document.querySelector("#feed-state").textContent === "live"`)
			b.await("the first update", `!document.querySelector("#sampling").textContent.startsWith("Waiting")`)
			if text := js[string](b, `document.querySelector("#toast").textContent`); text != "" {
				t.Errorf("without an event that is wanted it says %q", text)
			}
		})
	}
}

// TestKeyboard: the first Tab leads past the navigation, and the focus can be seen.
func TestKeyboard(t *testing.T) {
	b := open(t, wide)
	b.visit("/")
	b.see("my-cluster")
	b.key("Tab")
	b.await("the link past the navigation", `document.activeElement.className === "skip" && document.activeElement.getBoundingClientRect().top >= 0`)
	b.key("Enter")
	b.await("the content", `document.activeElement.id === "main"`)
	for range 20 {
		b.key("Tab")
		if js[bool](b, `document.activeElement.matches("summary")`) {
			break
		}
	}
	if outline := js[string](b, `getComputedStyle(document.activeElement).outlineStyle`); outline != "solid" {
		t.Errorf("the focus is shown with outline %q on %s", outline, js[string](b, "document.activeElement.outerHTML"))
	}
	b.key("Enter")
	b.await("the menu", `document.querySelector("details.menu[open]")`)
	b.key("Escape")
	b.await("the menu to close", `!document.querySelector("details.menu[open]") && document.activeElement.matches("summary")`)

	// A dialog gives the focus back, even if the table has been drawn anew behind it.
	b.key("Enter")
	b.key("Tab")
	b.await("the first entry", `document.activeElement.textContent === "Stop activity stream"`)
	b.key("Enter")
	b.await("the dialog", `document.querySelector("#stop-stream[open]")`)
	js[any](b, `(() => {
		const live = document.querySelector("#live");
		for (const el of live.querySelectorAll("[style]")) el.removeAttribute("style");
		live.replaceChildren(...[...live.children].map((el) => el.cloneNode(true)));
		return null;
	})()`)
	b.key("Escape")
	b.await("the focus on the menu", `!document.querySelector("dialog[open]") && document.activeElement.matches("summary[aria-label='Actions for my-cluster']")`)
}

// TestHostileStatements are shown as what they are. The tab fails the test if any of
// them runs.
func TestHostileStatements(t *testing.T) {
	statements := []string{
		`select 'A', '<script>window.pwned = 1; alert(1)</script>'`,
		`select 'B', '</script><img src=/x onerror="window.pwned = 1; alert(1)">'`,
		"select 'C', E'\x1b[31mred\x1b]0;title\x07'",
		`create table if not exists "<img src=/x onerror=alert(1)>" (n int)`,
		`insert into "<img src=/x onerror=alert(1)>" values (1)`,
		`select * from "<svg onload=alert(1)>"`,
		"select 'D', 'data: {}\n\nevent: x\n\n'",
		"select 'E', '\u202egnp.exe'",
		`select 'F', '{{template "x"}} {{.Token}}'`,
		"select 'G', '" + strings.Repeat("<b>large", 1<<17) + "'",
	}
	for i, s := range []screen{wide, narrow} {
		t.Run(s.String(), func(t *testing.T) {
			b := open(t, s)
			conn := connect(t, `<img src=/x onerror=alert(2)>`)
			b.visit(prefix + "/activity")
			b.await("the list to be live", `document.querySelector("#feed-state").textContent === "live"`)
			for _, sql := range statements {
				_ = try(t, conn, sql)
			}
			mustExec(t, conn, fmt.Sprintf("select 'end', %d", i))
			b.await("the last event", rowWith(fmt.Sprintf("select 'end', %d", i)))
			for _, text := range []string{"<script>window.pwned", "</script><img src=/x", "⟨ESC⟩[31mred", "⟨U+202E⟩gnp.exe", "{{.Token}}", "<b>large<b>large"} {
				b.await(text, rowWith(text))
			}
			b.clickOn("the row of a megabyte", rowWith("select 'G'"))
			b.await("the whole megabyte", `document.querySelector("#json").textContent.length > 1_000_000`)
			b.click("#detail-session")
			b.see("<img src=/x onerror=alert(2)>") // the application
			b.records()
			for n := range 3 { // the records of this session may be among them
				link := fmt.Sprintf(`[...document.querySelectorAll("#records tr:not(.quiet) a")].at(%d)`, -1-n)
				if n > 0 && !js[bool](b, "!!"+link) {
					break
				}
				b.clickOn("a record", link)
				b.see("Decrypted")
				b.records()
			}
			if js[bool](b, `"pwned" in window || document.querySelector("main img, main script") !== null`) {
				t.Error("a statement became markup")
			}
		})
	}
}
