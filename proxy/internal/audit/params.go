package audit

import (
	"strings"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/internal/pgtext"
	"github.com/das-local/das-local/proxy/internal/track"
)

// bound prints the bound parameters, once.
func (r *run) bound() []string {
	if r.filled {
		return r.params
	}
	r.filled = true
	p := r.it.Params
	if p == nil || len(p.Values)+p.Dropped == 0 {
		return nil
	}
	types := r.paramTypes()
	r.describe()
	r.params = make([]string, 0, len(p.Values))
	for i, v := range p.Values {
		if v == nil {
			continue
		}
		format := int16(0)
		switch {
		case len(p.Formats) == 1:
			format = p.Formats[0]
		case i < len(p.Formats):
			format = p.Formats[i]
		}
		oid := uint32(0)
		if i < len(types) {
			oid = types[i]
		}
		r.params = append(r.params, r.value(i, oid, format, v))
	}
	if p.Dropped > 0 {
		r.params = append(r.params, activity.CutParams(p.Dropped))
	}
	return r.params
}

// value prints the ith bound parameter.
func (r *run) value(i int, oid uint32, format int16, v []byte) string {
	if r.text.hides(i+1, r.boundText) {
		return classify.Redacted
	}
	missing := r.it.Params.Missing
	if i >= len(missing) || missing[i] == 0 {
		text := ""
		if len(r.printed) == len(r.it.Params.Values) {
			text = r.printed[i]
		} else {
			text = pgtext.Text(oid, format, v, &r.print)
		}
		shown, _ := classify.RedactValue(text)
		return shown
	}
	shown, lost := pgtext.Beginning(oid, format, v, &r.print)
	shown, _ = classify.RedactValue(shown)
	return activity.Cut(shown, len(shown), missing[i]+lost)
}

// describe lets the printer ask the catalogue, for this statement.
func (r *run) describe() {
	if r.cfg.Catalog == nil {
		return
	}
	if r.defaults == nil {
		r.defaults = map[string]string{}
		for _, name := range [...]string{"bytea_output", "extra_float_digits"} {
			r.defaults[name] = r.cfg.Catalog.DefaultSetting(r.ctx, &r.names, name)
		}
		r.applyState()
	}
	r.print.TypeOf = func(oid uint32) (pgtext.Type, bool) {
		t, ok := r.cfg.Catalog.Type(r.ctx, &r.names, oid)
		return pgtext.Type(t), ok
	}
	r.print.RegName = func(typ uint32, value string) (string, bool) {
		return r.cfg.Catalog.RegName(r.ctx, &r.names, typ, value)
	}
}

// boundText gives parameter n, from 1, as it was sent.
func (r *run) boundText(n int) string {
	if p := r.it.Params; p != nil && n <= len(p.Values) {
		return string(p.Values[n-1])
	}
	return ""
}

// message is the error's without the secrets of the statement and its parameters.
func (r *run) message(t *text) string {
	message := r.it.Err.Message
	if r.it.Err.SQLState == syntaxError {
		if _, secret := classify.RedactBroken(t.raw); secret {
			message = classify.MaskUnshown(message, r.base.CommandText)
		}
	}
	message = classify.RedactMessage(t.raw, message)
	if t.cut > 0 || len(t.executes) > 0 && r.secretArguments(t) {
		message = classify.MaskQuoted(message)
	}
	p := r.it.Params
	if p == nil {
		return activity.Cut(message, len(message), r.it.Err.Missing)
	}
	shown, secret := append([]string{r.base.CommandText}, r.bound()...), false
	for i, v := range p.Values {
		hidden := t.hides(i+1, r.boundText)
		if hidden && len(v) > 2 {
			message = strings.ReplaceAll(message, string(v), classify.Redacted)
		}
		_, changed := classify.RedactValue(string(v))
		secret = secret || hidden && v != nil || changed
	}
	if secret {
		message = classify.MaskUnshown(message, shown...)
	}
	return activity.Cut(message, len(message), r.it.Err.Missing)
}

// paramTypes asks the catalogue for the types that the client left open.
func (r *run) paramTypes() []uint32 {
	p := r.it.Params
	open := len(p.Types) < len(p.Values)
	for _, t := range p.Types {
		open = open || t == 0
	}
	if !open || r.cfg.Catalog == nil || r.it.Source != track.Execute || r.text.cut > 0 {
		return p.Types
	}
	if types, ok := r.cfg.Catalog.ParameterTypes(r.ctx, &r.names, r.text.raw, p.Types...); ok {
		return types
	}
	return p.Types
}
