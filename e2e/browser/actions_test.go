package browser

import (
	"fmt"
	"testing"
)

// TestDatabases does on both screens what one does in AWS's console: stop and start the
// stream, make and delete clusters and instances.
func TestDatabases(t *testing.T) {
	for i, s := range []screen{wide, narrow} {
		t.Run(s.String(), func(t *testing.T) {
			b := open(t, s)
			id := fmt.Sprintf("shop-%d", i)
			b.visit("/")
			b.see("my-cluster")
			b.click(`[data-dialog=create-cluster]`)
			b.await("the dialog", `document.querySelector("#create-cluster[open]")`)
			b.fill("#create-cluster [name=id]", "no_good")
			b.click("#create-cluster [type=submit]") // the browser refuses the name
			b.await("the dialog to stay", `document.querySelector("#create-cluster[open] [name=id]:invalid")`)
			b.expect("422")
			b.fill("#create-cluster [name=id]", "my-cluster")
			b.click("#create-cluster [type=submit]")
			b.see("DBClusterAlreadyExistsFault")
			b.fill("#create-cluster [name=id]", id)
			b.submit()
			b.see(id + "-instance-1")

			b.act(id, "Start activity stream")
			b.await("the dialog", `document.querySelector("#start-stream[open]")`)
			b.click("#start-stream [value=sync]")
			b.submit()
			b.click(fmt.Sprintf(`a[href$="cluster?id=%s"]`, id))
			b.await("the Configuration tab to say that it has started", `[...document.querySelectorAll("dl .status")].some((e) => e.textContent === "started")`)
			b.see("sync")
			b.see("aws-rds-das-cluster-")

			b.act(id, "Stop activity stream")
			b.click("#stop-stream [value=schedule]")
			b.submit()
			b.see("Pending")
			b.click(`.tabs a[href*="tab=instances"]`)
			b.act(id+"-instance-1", "Reboot")
			b.submit()
			b.click(`.tabs a[href*="tab=configuration"]`)
			b.await("the stream to stop", `[...document.querySelectorAll("dl .status")].some((e) => e.textContent === "stopped")`)

			b.visit("/")
			b.act(id, "Add instance")
			b.fill("#create-instance [name=id]", id+"-reader")
			b.submit()
			b.see(id + "-reader")
			for _, instance := range []string{id + "-reader", id + "-instance-1"} {
				b.act(instance, "Delete")
				b.submit()
				b.await(instance+" to be gone", fmt.Sprintf(`!document.querySelector("#live").innerText.includes(%q)`, instance))
			}
			b.act(id, "Stop cluster")
			b.click("dialog[open] [data-close]") // rather not
			b.await("the dialog to close", `!document.querySelector("dialog[open]")`)
			b.act(id, "Delete cluster")
			b.submit()
			b.await(id+" to be gone", fmt.Sprintf(`!document.querySelector("#live").innerText.includes(%q)`, id))
		})
	}
}

// TestKeysAndFaults makes, changes and takes back what these pages can.
func TestKeysAndFaults(t *testing.T) {
	for i, s := range []screen{wide, narrow} {
		t.Run(s.String(), func(t *testing.T) {
			b := open(t, s)
			alias := fmt.Sprintf("alias/of-%d", i)
			row := fmt.Sprintf(`[...document.querySelectorAll("tbody tr")].find((r) => r.innerText.includes(%q))`, alias)
			status := func(want string) {
				t.Helper()
				b.await(alias+" to be "+want, fmt.Sprintf(`(%s)?.querySelector(".status").textContent === %q`, row, want))
			}
			b.visit(prefix + "/keys")
			b.click("[data-dialog=create-key]")
			b.fill("#create-key [name=alias]", alias)
			b.fill("#create-key [name=description]", "<b>of a test</b>")
			b.submit()
			status("Enabled")
			b.see("<b>of a test</b>")
			b.act(alias, "Disable")
			b.submit()
			status("Disabled")
			b.act(alias, "Enable")
			status("Enabled")
			b.act(alias, "Add alias")
			b.fill("#create-alias [name=alias]", fmt.Sprintf("more-%d", i))
			b.submit()
			b.see(fmt.Sprintf("alias/more-%d", i))
			first := min(alias, fmt.Sprintf("alias/more-%d", i)) // a key goes by the first of its names
			b.act(first, fmt.Sprintf("Delete alias/more-%d", i))
			b.await("the alias to be gone", fmt.Sprintf(`!document.querySelector("#live").innerText.includes("alias/more-%d")`, i))
			b.act(alias, "Schedule deletion")
			b.fill("#delete-key [name=days]", "7")
			b.submit()
			status("PendingDeletion")
			b.act(alias, "Cancel deletion")
			status("Disabled")

			b.visit(prefix + "/faults")
			b.see("Nothing goes wrong on purpose")
			b.click("[data-dialog=add-fault]")
			b.await("the fields of a throttle", fields("operations caller duration probability count share"))
			b.pick("#add-fault [name=kind]", "delay")
			b.await("those of a delay", fields("operations delay caller duration probability count"))
			b.click("#add-fault [type=submit]") // the browser wants the delay
			b.await("the dialog to stay", `document.querySelector("#add-fault[open] [name=delay]:invalid")`)
			b.expect("422")
			b.fill("#add-fault [name=delay]", "soon")
			b.click("#add-fault [type=submit]")
			b.see("must be a time above 0")
			b.fill("#add-fault [name=delay]", "1ms")
			b.fill("#add-fault [name=operations]", "kms:GenerateRandom")
			b.submit()
			b.see("kms:GenerateRandom")
			b.checkAccessible("faults")
			b.shoot(s, "faults")
			b.fits(s, "faults")
			b.click("td.act [data-do=clear-fault]")
			b.see("Nothing goes wrong on purpose")
		})
	}
}

// fields is an expression: the form of a fault shows these fields.
func fields(names string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#add-fault [data-field]")].filter((e) => !e.hidden).map((e) => e.dataset.field).join(" ") === %q`, names)
}
