package kmsfake

import (
	"encoding/base64"
	"strconv"

	"github.com/das-local/das-local/internal/awsapi"
)

// pageInput has the members that every paged operation has. A marker is the
// base64 of the last key's number or the last alias's or tag's name.
type pageInput struct {
	Limit  *int32
	Marker *string
}

type pageOutput struct {
	NextMarker string `json:",omitempty"`
	Truncated  bool
}

// first cuts a list to a page, and says in out where the next page begins: after the
// last item, which marked is the marker of.
func first[T any](limit int, list []T, out *pageOutput, marked func(T) string) []T {
	if len(list) <= limit {
		return list
	}
	out.NextMarker, out.Truncated = marked(list[limit-1]), true
	return list[:limit]
}

// limit is the size of a page: at most max, whatever the model says.
func (in *pageInput) limit(max, usual int) (int, error) {
	if in.Limit == nil {
		return usual, nil
	}
	var v awsapi.Validation
	n := int(*in.Limit)
	v.Range("limit", &n, 1, max)
	return n, v.Err()
}

// byName is the size of a page and the name that it begins after.
func (in *pageInput) byName(max, usual int) (limit int, after string, err error) {
	if limit, err = in.limit(max, usual); err != nil || in.Marker == nil {
		return limit, "", err
	}
	b, err := base64.RawURLEncoding.DecodeString(*in.Marker)
	if err != nil {
		return 0, "", invalidMarker()
	}
	return limit, string(b), nil
}

// byNumber is byName for a list whose items have numbers, from 1.
func (in *pageInput) byNumber(max, usual int) (limit, after int, err error) {
	limit, text, err := in.byName(max, usual)
	if err != nil || text == "" {
		return limit, 0, err
	}
	after, err = strconv.Atoi(text)
	if err != nil || after < 0 {
		return 0, 0, invalidMarker()
	}
	return limit, after, nil
}

func marker(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

func markerOf(seq int) string { return marker(strconv.Itoa(seq)) }
