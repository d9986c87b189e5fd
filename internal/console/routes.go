package console

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// Prefix is the path under which all but the first page is.
const Prefix = "/_das/console"

func (c *Console) routes() http.Handler {
	r := chi.NewRouter()
	r.Get("/", c.databases)
	r.Route(Prefix, func(r chi.Router) {
		r.Get("/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusSeeOther) })
		r.Get("/cluster", c.cluster)
		r.Get("/activity", c.activity)
		r.Get("/activity/feed", c.activityFeed)
		r.Get("/activity/event", c.activityEvent)
		r.Get("/activity/group", c.activityGroup)
		r.Get("/session", c.session)
		r.Get("/monitoring", c.monitoring)
		r.Get("/events", c.events)
		r.Get("/stream", c.stream)
		r.Get("/record", c.record)
		r.Get("/keys", c.keys)
		r.Get("/faults", c.faults)
		r.Get("/assets/{name}", assets)
		r.Post("/do/{action}", c.do)
	})
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		c.fail(w, http.StatusNotFound, "There is no such page", "The console begins at /.")
	})
	return r
}
