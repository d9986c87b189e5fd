package console

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	"github.com/go-chi/chi/v5"
)

//go:embed templates assets
var files embed.FS

// layout is what every page has around it.
type layout struct {
	Page   string // the template
	Title  string
	Token  string
	Prefix string
	Data   any
}

var pages = parsePages()

func parsePages() map[string]*template.Template {
	all := map[string]*template.Template{}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, name := range names {
		page := strings.TrimSuffix(path.Base(name), ".html")
		if page == "layout" || page == "dialogs" {
			continue
		}
		all[page] = template.Must(template.New("layout.html").Funcs(functions).ParseFS(files, "templates/layout.html", "templates/dialogs.html", name))
	}
	return all
}

// functions format what templates show.
var functions = template.FuncMap{
	"when":    when,
	"bytes":   byteCount[int],
	"comma":   comma[int],
	"tone":    tone,
	"dialog":  func(id, title string) dialog { return dialog{ID: id, Title: title} },
	"confirm": func(id, title, text string, b button) dialog { return dialog{id, title, text, b} },
	"act":     func(label string) button { return button{label, false} },
	"harm":    func(label string) button { return button{label, true} },
}

// dialog is a form that does an action. Only those that confirm have a text and a button.
type dialog struct {
	ID, Title, Text string
	Button          button
}

// button sends a dialog's form.
type button struct {
	Label string
	Harm  bool // something is lost
}

// when is a time as a person in front of a log wants it.
func when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func byteCount[N int | int64 | float64](n N) string {
	switch f := float64(n); {
	case f >= 1<<30:
		return short(f/(1<<30)) + " GiB"
	case f >= 1<<20:
		return short(f/(1<<20)) + " MiB"
	case f >= 1<<10:
		return short(f/(1<<10)) + " KiB"
	default:
		return fmt.Sprintf("%.0f B", f)
	}
}

// comma writes a number with separators: 3,412.
func comma[N int | int64](n N) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// tone is the colour of a status.
func tone(status string) string {
	switch strings.ToLower(status) {
	case "available", "started", "enabled", "active", "open", "sync", "async":
		return "good"
	case "stopped", "disabled", "closed", "ended", "":
		return "off"
	case "failed", "pendingdeletion", "inaccessible-encryption-credentials", "incompatible-parameters":
		return "bad"
	default:
		return "busy"
	}
}

// render sends a page.
func (c *Console) render(w http.ResponseWriter, page, title string, data any) {
	var out bytes.Buffer
	l := layout{Page: page, Title: title, Token: c.token, Prefix: Prefix, Data: data}
	if err := pages[page].ExecuteTemplate(&out, "layout.html", l); err != nil {
		c.cfg.Logger.Error("console: a page cannot be drawn", "page", page, "error", err)
		http.Error(w, "das-local: this page cannot be drawn; the log has the cause", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes()) // the reader may be gone
}

// problem is what the page of an error says.
type problem struct{ Title, Text string }

func (c *Console) fail(w http.ResponseWriter, status int, title, text string) {
	var out bytes.Buffer
	l := layout{Page: "problem", Title: title, Token: c.token, Prefix: Prefix, Data: problem{title, text}}
	if err := pages["problem"].ExecuteTemplate(&out, "layout.html", l); err != nil {
		http.Error(w, title, status)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
}

// failed tells of an AWS call that did not succeed.
func (c *Console) failed(w http.ResponseWriter, what string, err error) {
	status := http.StatusBadGateway
	var answer smithy.APIError
	if errors.As(err, &answer) && answer.ErrorFault() != smithy.FaultServer {
		status = http.StatusNotFound
	}
	c.fail(w, status, what, cause(err))
}

// cause is an error as the service told it, without the client's words around it.
func cause(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode() + ": " + answer.ErrorMessage()
	}
	return err.Error()
}

// assets serves the script and the style sheet.
func assets(w http.ResponseWriter, r *http.Request) {
	types := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
	name := chi.URLParam(r, "name")
	data, err := files.ReadFile("assets/" + name)
	if err != nil || types[path.Ext(name)] == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", types[path.Ext(name)])
	_, _ = w.Write(data)
}
