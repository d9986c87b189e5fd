package emulator

import (
	"github.com/go-chi/chi/v5"

	"github.com/das-local/das-local/internal/console"
)

// openConsole makes the web console, which uses the AWS address as any client does.
func (e *Emulator) openConsole() {
	cfg := console.Config{AWS: e.AWSConfig(), Source: sampler{e}, Faults: formFaults{e.Faults()}, Now: e.clock.Now, Hosts: e.opts.AllowHosts, Logger: e.log}
	if e.external.kinesis != nil {
		cfg.Kinesis = e.external.kinesis.Client()
	}
	if e.external.kms != nil {
		cfg.KMS = e.external.kms.Client()
	}
	e.console = console.New(cfg)
}

// serveConsole mounts the pages, which guard themselves.
func (e *Emulator) serveConsole(r chi.Router) {
	r.Handle("/", e.console)
	r.Handle(console.Prefix, e.console)
	r.Handle(console.Prefix+"/*", e.console)
}

// sampler reads what the parts count anyway.
type sampler struct{ e *Emulator }

// Sample implements console.Source.
func (s sampler) Sample() console.Sample {
	e := s.e
	e.mu.Lock()
	defer e.mu.Unlock()
	var out console.Sample
	for id, i := range e.instances {
		one := console.InstanceSample{ID: id, Cluster: i.ClusterResourceID, Classes: map[string]int64{}}
		for k := range classes {
			one.Classes[string(classes[k])] = i.counts.byClass[k].Load()
		}
		out.Instances = append(out.Instances, one)
	}
	for id, r := range e.streams {
		n := r.stream.Stats()
		out.Streams = append(out.Streams, console.StreamSample{Cluster: id, Bytes: n.Bytes, Lost: n.Lost, Queued: int64(n.Queued) + n.Spooled,
			Waits: n.SyncWaits, Waited: n.SyncWait, IteratorAge: e.kinesis.IteratorAge(r.name), LossWindow: n.LossWindow})
	}
	return out
}
