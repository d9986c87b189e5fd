package browser

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/das-local/das-local/internal/await"
)

// patience bounds every wait.
const patience = await.Patience

// screen is what a tab is looked at on.
type screen struct {
	width, height int64
	dark          bool
}

var (
	wide   = screen{width: 1280, height: 800}
	narrow = screen{width: 390, height: 844}
)

func (s screen) String() string {
	if s.dark {
		return fmt.Sprintf("%d-dark", s.width)
	}
	return fmt.Sprintf("%d-light", s.width)
}

// tab is a page in the browser.
type tab struct {
	t        *testing.T
	ctx      context.Context
	endpoint string // of the das-local that it is on

	clicks int // so far

	mu       sync.Mutex // guards the rest
	problems []string   // what no page may do
	expected []string   // parts of problems that the test causes on purpose
}

// open opens a tab, which is closed when the test ends.
func open(t *testing.T, s screen) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(bed.browser)
	b := &tab{t: t, ctx: ctx, endpoint: bed.proc.Endpoint}
	t.Cleanup(func() {
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, p := range b.problems {
			t.Error(p)
		}
	})
	if err := chromedp.Do(ctx); err != nil { // opens the tab, which lives as long as this context
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, b.watch); err != nil {
		t.Fatal(err)
	}
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	call(b, cdplog.Enable, cdp.Empty{})
	call(b, network.Enable, network.EnableParams{})
	call(b, runtime.Enable, cdp.Empty{})
	call(b, page.Enable, page.EnableParams{})
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s.width < 700})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	return b
}

// watch notes what no page may do.
func (b *tab) watch(event any) {
	problem := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		problem = "the page threw: " + fmt.Sprint(e.ExceptionDetails.Text, " ", thrown(e.ExceptionDetails.Exception))
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError {
			problem = fmt.Sprintf("the browser complains: %s %s", e.Entry.Text, e.Entry.URL)
		}
	case *page.EventJavascriptDialogOpening:
		problem = "the page opened a dialog: " + e.Message
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, b.endpoint+"/") && !strings.HasPrefix(e.Request.URL, "about:") {
			problem = "the page asked another host: " + e.Request.URL
		}
	}
	if problem == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, part := range b.expected {
		if strings.Contains(problem, part) {
			return
		}
	}
	b.problems = append(b.problems, problem)
}

// expect excuses problems that the test causes.
func (b *tab) expect(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, part)
}

func thrown(o *runtime.RemoteObject) string {
	if o == nil {
		return ""
	}
	return o.Description
}

// call runs a command of the DevTools protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	r, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// run runs an action.
func run[T any](b *tab, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *tab) visit(path string) {
	b.t.Helper()
	run(b, chromedp.Navigate(b.endpoint+path))
}

// js evaluates an expression in the page.
func js[T any](b *tab, expression string) T {
	b.t.Helper()
	return run(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// look evaluates an expression; ok is false while the page is on its way to another.
func look[T any](b *tab, expression string) (v T, ok bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if b.ctx.Err() != nil {
		b.t.Fatal(err)
	}
	return v, err == nil
}

// await waits until an expression is true.
func (b *tab) await(what, expression string) {
	b.t.Helper()
	await.Seen(b.t, what, func() (any, bool) {
		if is, ok := look[bool](b, "!!("+expression+")"); ok && is {
			return nil, true
		}
		text, _ := look[string](b, "document.body.innerText.slice(0, 1500)")
		return text, false
	})
}

// see waits until the page shows a text.
func (b *tab) see(text string) {
	b.t.Helper()
	b.await(fmt.Sprintf("the text %q", text), fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// click clicks on the first element that a selector finds.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.clickOn(selector, fmt.Sprintf("document.querySelector(%q)", selector))
}

// clickOn clicks on the middle of the element that an expression gives, once nothing
// lies over it, and again if the page has moved it away meanwhile.
func (b *tab) clickOn(what, expression string) {
	b.t.Helper()
	await.Seen(b.t, "something to click at "+what, func() (any, bool) { return b.tryClick(expression) })
}

// tryClick clicks if the element can be clicked on, and says whether the click came to it.
func (b *tab) tryClick(expression string) (text string, clicked bool) {
	b.t.Helper()
	b.clicks++
	at, _ := look[[]float64](b, fmt.Sprintf(`(() => {
		const find = () => %s, el = find();
		if (!el) return [];
		// A click that the page moved away from under may have opened another's menu, and it may be over this.
		for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(el)) menu.open = false;
		el.scrollIntoView({ block: "nearest" });
		const r = el.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2, top = document.elementFromPoint(x, y);
		if (!top || el !== top && !el.contains(top)) return [];
		// The element may be replaced by one like it before the click comes.
		document.addEventListener("click", (e) => { if (find()?.contains(e.target)) sessionStorage.clicked = %d; }, { capture: true, once: true });
		return [x, y];
	})()`, expression, b.clicks))
	text, _ = look[string](b, "document.body.innerText.slice(0, 600)")
	if len(at) != 2 {
		return text, false
	}
	run(b, chromedp.MouseClickXY(at[0], at[1]))
	for { // the next page may be on its way
		if last, ok := look[string](b, "String(sessionStorage.clicked)"); ok {
			return text, last == fmt.Sprint(b.clicks)
		}
	}
}

// act chooses an entry of an Actions menu, given by the row's text and the entry's. The
// menu closes when the page scrolls, and is opened again then.
func (b *tab) act(row, entry string) {
	b.t.Helper()
	menu := fmt.Sprintf(`[...document.querySelectorAll("details.menu")].find((m) => m.querySelector("summary").ariaLabel === "Actions for " + %q)`, row)
	await.Seen(b.t, fmt.Sprintf("%q among the actions of %s", entry, row), func() (any, bool) {
		if open, _ := look[bool](b, "!!"+menu+"?.open"); !open {
			text, _ := b.tryClick(menu + `?.querySelector("summary")`)
			return text, false
		}
		placed := menu + `?.querySelector(":scope[open] > div")` // once it is where it belongs
		return b.tryClick(fmt.Sprintf(`[...(%s?.style.top ? %[1]s.querySelectorAll("button") : [])].find((e) => e.textContent === %q)`, placed, entry))
	})
}

// fill types into a field in place of what is there.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.await("the field "+selector, fmt.Sprintf(`document.querySelector(%q)`, selector))
	js[any](b, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.focus(); e.select(); return null; })()`, selector))
	call(b, input.InsertText, input.InsertTextParams{Text: text})
}

// pick chooses a value of a select.
func (b *tab) pick(selector, value string) {
	b.t.Helper()
	js[any](b, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.value = %q; e.dispatchEvent(new Event("input", { bubbles: true })); e.dispatchEvent(new Event("change", { bubbles: true })); return null; })()`, selector, value))
}

// key presses a key, by its name in the DOM.
func (b *tab) key(name string) {
	b.t.Helper()
	code := map[string]int64{"Tab": 9, "Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, " ": 32, "End": 35, "Home": 36}[name]
	down := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: name, Code: name, WindowsVirtualKeyCode: code}
	up := down
	up.Type = input.DispatchKeyEventTypeKeyUp
	if name == "Enter" {
		down.Text = "\r"
	}
	call(b, input.DispatchKeyEvent, down)
	call(b, input.DispatchKeyEvent, up)
}

// submit sends the open dialog's form and waits until it has closed, as it does when
// the action succeeded.
func (b *tab) submit() {
	b.t.Helper()
	b.click("dialog[open] [type=submit]")
	await.Seen(b.t, "the dialog to close", func() (any, bool) {
		return js[string](b, `document.querySelector("dialog[open]")?.innerText || ""`), js[bool](b, `!document.querySelector("dialog[open]")`)
	})
}
