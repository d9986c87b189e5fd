package browser

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/das-local/das-local/internal/await"
)

// What the load test sends: loadBatches batches of loadBatch statements, one each
// loadPause, which is 10,000 a second where the machine can do that.
const (
	loadBatch   = 500
	loadBatches = 120
	loadPause   = 50 * time.Millisecond
)

// measure has the page take note of its longest pauses between two frames, and of whether
// it ever said that it samples.
const measure = `(() => {
	window.measured = { frame: 0, task: 0, frames: 0, sampled: false, elements: 0 };
	let last = performance.now();
	const frame = (now) => {
		measured.frame = Math.max(measured.frame, now - last);
		measured.frames++;
		measured.elements = Math.max(measured.elements, document.querySelectorAll(".row").length);
		last = now;
		requestAnimationFrame(frame);
	};
	requestAnimationFrame(frame);
	new PerformanceObserver((list) => { for (const e of list.getEntries()) measured.task = Math.max(measured.task, e.duration); }).observe({ type: "longtask" });
	new MutationObserver(() => { measured.sampled ||= sampling.textContent.startsWith("Sampled: showing"); }).observe(sampling, { childList: true });
	return null;
})()`

// TestLoad keeps the list open while 10,000 events a second come, and uses it.
func TestLoad(t *testing.T) {
	b := open(t, wide)
	b.visit(prefix + "/activity")
	b.await("the list to be live", `document.querySelector("#feed-state").textContent === "live"`)
	js[any](b, measure)
	conn := connect(t, "load")
	ctx := await.Context(t)
	began := time.Now()
	var sending sync.WaitGroup
	var took time.Duration
	var failed error
	sending.Go(func() {
		failed = load(ctx, conn)
		took = time.Since(began)
	})
	defer sending.Wait()

	b.await("it to say that it samples", "measured.sampled")
	b.await("rows", `document.querySelectorAll(".row:not([hidden])").length > 10`)
	b.click("#pause") // and it stands still
	b.await("it to be paused", `document.querySelector("#feed-state").textContent === "paused"`)
	b.click(".row:not([hidden])")
	b.await("a record", `document.querySelector("#json").textContent.includes("commandText")`)
	b.click("#detail-close")
	b.click("#pause")
	b.fill("[name=text]", "the last of them")
	sending.Wait()
	if failed != nil {
		t.Fatal(failed)
	}
	mustExec(t, conn, "select 'the last of them'")
	b.await("the last of them", rowWith("the last of them"))
	m := js[struct {
		Frame, Task      float64
		Frames, Elements int
	}](b, "measured")
	if m.Elements > 100 {
		t.Errorf("the list has %d elements", m.Elements)
	}
	t.Logf("%d events, %.0f a second; %d frames; longest time between two: %.0f ms; longest task: %.0f ms",
		loadBatch*loadBatches, float64(loadBatch*loadBatches)/took.Seconds(), m.Frames, m.Frame, m.Task)
}

// load sends the statements in pipelines.
func load(ctx context.Context, conn *pgx.Conn) error {
	next := time.NewTicker(loadPause)
	defer next.Stop()
	for range loadBatches {
		var batch pgx.Batch
		for n := range loadBatch {
			batch.Queue("select $1::int", n)
		}
		if err := conn.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
		<-next.C
	}
	return nil
}
