package browser

import (
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// TestLogin: a console with a token is opened by its address, or by entering the token,
// and stays open. What it changes and what it shows live work as without one.
func TestLogin(t *testing.T) {
	p, err := testbed.Start(await.Context(t), testbed.Config{Bin: bed.bin, Env: bed.env,
		Args: []string{"--upstream=" + bed.pg.URL("postgres"), "--console-token=the-token-of-a-test"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	b := open(t, wide)
	b.endpoint = p.Endpoint
	b.expect("401 (Unauthorized)")
	b.visit("/")
	b.see("This console needs a token.")
	b.checkAccessible("login")
	b.fits(wide, "login")
	js[bool](b, `document.querySelector("[name=token]").value = "the-token-of-another", document.forms[0].requestSubmit(), true`)
	b.see("This console needs a token.")
	b.await("the page of a wrong token", `location.search === "?token=the-token-of-another"`)
	b.visit("/")
	js[bool](b, `document.querySelector("[name=token]").value = "the-token-of-a-test", document.forms[0].requestSubmit(), true`)
	b.see("my-cluster-instance-1")
	if got := js[string](b, `location.search + document.cookie`); got != "" {
		t.Errorf("a script sees %q", got)
	}
	b.visit(prefix + "/activity")
	b.await("the list to be live", `document.querySelector("#feed-state").textContent === "live"`)

	other := open(t, narrow) // of the same browser, which is logged in
	other.endpoint = p.Endpoint
	other.visit(prefix + "/keys?token=the-token-of-a-test")
	other.see("Enabled")
	if got := js[string](other, `location.pathname + location.search`); got != prefix+"/keys" {
		t.Errorf("the address is %s", got)
	}
	if got := js[int](other, `fetch(prefix + "/do/create-key", {method: "POST", headers: {"X-Das-Token": token}, body: new URLSearchParams({description: "x"})}).then(r => r.status)`); got != 200 {
		t.Errorf("a change: %d", got)
	}
}
