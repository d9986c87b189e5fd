package browser

import (
	"fmt"
	"testing"

	"github.com/das-local/das-local/e2e/testbed"
	"github.com/das-local/das-local/internal/await"
)

// TestAway: pages that stay open while das-local ends and begins anew say so, and are of
// the new one afterwards.
func TestAway(t *testing.T) {
	ports, err := testbed.FreePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := fmt.Sprintf("http://127.0.0.1:%d", ports[1])
	up := func() (end func()) {
		t.Helper()
		p, err := testbed.Launch(testbed.Config{Bin: bed.bin, Addrs: true, Env: bed.env, Args: []string{"--upstream=" + bed.pg.URL("postgres"),
			fmt.Sprintf("--listen=127.0.0.1:%d", ports[0]), fmt.Sprintf("--aws-listen=127.0.0.1:%d", ports[1]), "--cluster-resource-id=cluster-AAAAAAAAAAAAAAAAAAAAAAAAAA"}})
		if err != nil {
			t.Fatal(err)
		}
		p.Endpoint = endpoint
		if err := p.AwaitReady(await.Context(t)); err != nil {
			t.Fatal(err)
		}
		return func() {
			t.Helper()
			if err := p.Stop(); err != nil {
				t.Fatal(err)
			}
		}
	}
	end := up()
	defer func() { end() }()
	list, live := open(t, wide), open(t, narrow)
	for _, b := range []*tab{list, live} {
		b.endpoint = endpoint
		b.expect("ERR_CONNECTION_REFUSED")
		b.expect("ERR_INCOMPLETE_CHUNKED_ENCODING")
	}
	list.visit("/")
	list.see("my-cluster")
	token := js[string](list, `token`)
	live.visit(prefix + "/activity")
	live.await("the list to be live", `document.querySelector("#feed-state").textContent === "live"`)

	end()
	end = func() {}
	for _, b := range []*tab{list, live} {
		b.await("a word about it", `document.querySelector("#offline").innerText.startsWith("das-local does not answer")`)
	}
	live.await("the list not to be live", `document.querySelector("#feed-state").textContent === "connecting"`)

	end = up()
	list.await("the new one's page", fmt.Sprintf(`typeof token === "string" && token !== %q && document.querySelector("#offline").hidden && document.body.innerText.includes("my-cluster")`, token))
	live.await("the list to be live again", `document.querySelector("#feed-state").textContent === "live" && document.querySelector("#offline").hidden`)
}
