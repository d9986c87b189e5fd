package kmsfake

import (
	"encoding/base64"
	"strconv"

	"github.com/das-local/das-local/internal/awsapi"
)

// pageInput has the members that every paged operation has. A marker is the
// base64 of the last key's number or the last alias's or tag's name.
type pageInput struct {
	Limit  *int
	Marker *string
}

type pageOutput struct {
	NextMarker string `json:",omitempty"`
	Truncated  bool
}

func (p *pageOutput) more(marker string) { p.NextMarker, p.Truncated = marker, true }

func (in *pageInput) check(max, usual int) (limit int, err error) {
	var v awsapi.Validation
	v.Range("limit", in.Limit, 1, max)
	v.String("marker", in.Marker, awsapi.Strings{Min: 1, Max: 1024})
	if err := v.Err(); err != nil {
		return 0, err
	}
	if in.Limit == nil {
		return usual, nil
	}
	return *in.Limit, nil
}

func (in *pageInput) after() (string, error) {
	if in.Marker == nil {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(*in.Marker)
	if err != nil {
		return "", invalidMarker()
	}
	return string(b), nil
}

func (in *pageInput) afterNumber() (int, error) {
	text, err := in.after()
	if err != nil || text == "" {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, invalidMarker()
	}
	return n, nil
}

func marker(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

func markerOf(seq int) string { return marker(strconv.Itoa(seq)) }
