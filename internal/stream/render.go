package stream

import (
	"math"
	"slices"

	"github.com/das-local/das-local/internal/activity"
)

// rendering is the JSON of the events of one Record call.
type rendering struct {
	buf    []byte
	pieces []piece
}

// piece is a part of a rendering that goes into one record.
type piece struct {
	start, end int
	span       Loss               // what is lost if the piece is
	cut        []byte             // what to send if the one event of the piece is too large
	settled    []activity.Settled // with the events
}

// maxPiece bounds a piece of several events: a queue that is nearly full takes the
// pieces that fit.
const maxPiece = 8 << 10

// maxKept bounds the buffer that a rendering keeps for its next use.
const maxKept = 256 << 10

// hugeText is the size of the texts above which an event is not even tried
// whole: as JSON it could pass what readers decompress (envelope.MaxInner).
const hugeText = 8 << 20

func newRendering() any { return new(rendering) }

func (r *rendering) reset() {
	clear(r.pieces) // lets go of the cut texts
	r.pieces = r.pieces[:0]
	r.buf = r.buf[:0]
	if cap(r.buf) > maxKept {
		r.buf = nil
	}
}

// render cuts events into pieces of at most batch bytes, and maxPiece. A larger event has a
// piece of its own, and a shorter form if it is larger than what surely fits a
// record.
func (r *rendering) render(events []activity.Event, v activity.Version, batch, fits int) {
	batch = min(batch, maxPiece)
	for i := range events {
		e := &events[i]
		if textSize(e) > hugeText {
			short := shortened(e, fits)
			e = &short
		}
		if r.joins() {
			r.buf = append(r.buf, ',')
		}
		body := len(r.buf)
		r.buf = activity.AppendEvent(r.buf, e, v)
		span := Loss{1, e.LogTime, e.LogTime}
		size := len(r.buf) - body
		if size > fits {
			short := shortened(e, fits)
			r.pieces = append(r.pieces, piece{body, len(r.buf), span, activity.AppendEvent(nil, &short, v), activity.Settle(nil, e.Settles)})
			continue
		}
		if r.joins() && len(r.buf)-r.pieces[len(r.pieces)-1].start <= batch {
			last := &r.pieces[len(r.pieces)-1]
			last.end = len(r.buf)
			last.span.Add(span)
			last.settled = activity.Settle(last.settled, e.Settles)
			continue
		}
		r.pieces = append(r.pieces, piece{start: body, end: len(r.buf), span: span, settled: activity.Settle(nil, e.Settles)})
	}
}

// joins says whether the next event may share the last piece.
func (r *rendering) joins() bool {
	return len(r.pieces) > 0 && r.pieces[len(r.pieces)-1].cut == nil
}

// lossOf is what is lost if the pieces are.
func lossOf(pieces []piece) Loss {
	var l Loss
	for _, p := range pieces {
		l.Add(p.span)
	}
	return l
}

func textSize(e *activity.Event) int {
	n := len(e.CommandText) + len(e.ErrorMessage)
	for _, p := range e.Params {
		n += len(p)
	}
	return n
}

// leastShare is what a parameter may take if there are so many that an equal share is less; those at
// the end are left out then.
const leastShare = 512

// shortened is e with its texts cut so that it surely fits into limit bytes of JSON: an eighth
// is for the error message, an eighth for what is not cut. The rest goes to the parameters and the
// text, which has half of limit in any case; of the parameters the largest are cut, to the same size.
func shortened(e *activity.Event, limit int) activity.Event {
	short := *e
	short.ErrorMessage = cutText(e.ErrorMessage, limit/8)
	room := limit - limit/8 - jsonSize(short.ErrorMessage)
	sizes, all := make([]int, len(e.Params)), 0
	for i, p := range e.Params {
		sizes[i] = paramSize(p)
		all += sizes[i]
	}
	short.CommandText = cutText(e.CommandText, max(limit/2, room-all))
	if room -= jsonSize(short.CommandText); all <= room {
		return short
	}
	room -= paramSize("") + activity.MaxCutMark // of those that are left out
	share := max(fairShare(sizes, room), leastShare)
	short.Params = make([]string, 0, len(e.Params))
	for i, p := range e.Params {
		p = cutText(p, share-paramSize(""))
		if room -= paramSize(p); room < 0 {
			short.Params = append(short.Params, activity.CutParams(len(e.Params)-i))
			break
		}
		short.Params = append(short.Params, p)
	}
	return short
}

// fairShare is the most that each of sizes may take for all of them to fit into room. It sorts them.
func fairShare(sizes []int, room int) int {
	slices.Sort(sizes)
	for i, n := range sizes {
		if share := room / (len(sizes) - i); n > share {
			return share
		}
		room -= n
	}
	return room
}

// paramSize is what a parameter takes in a list.
func paramSize(p string) int { return jsonSize(p) + len(`"",`) }

// jsonSize is what text takes inside a JSON string.
func jsonSize(text string) int {
	_, size := activity.Fit(text, math.MaxInt)
	return size
}

// cutText shortens text to what takes at most limit bytes inside a JSON string.
func cutText(text string, limit int) string {
	if n, _ := activity.Fit(text, limit); n == len(text) {
		return text
	}
	n, _ := activity.Fit(text, limit-activity.MaxCutMark)
	return activity.Cut(text, n, 0)
}
