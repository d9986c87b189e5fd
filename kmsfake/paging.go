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

func (p *pageOutput) more(marker string) { p.NextMarker, p.Truncated = marker, true }

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
