package awsapi

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// cborCodec is AWS CBOR 1.1: the shapes of JSON 1.1 in CBOR, blobs as byte
// strings. It is made once, since the modes cache what they learn of a struct.
type cborCodec struct {
	dec cbor.DecMode
	enc cbor.EncMode
	err cbor.EncMode // for errors, which are maps: it sorts
}

// newCBOR bounds what a request may make the decoder build. The library checks
// the whole input before it allocates: a length beyond the input is an error.
func newCBOR() (cborCodec, error) {
	dec, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyQuiet,
		MaxNestedLevels:   32,
		MaxArrayElements:  1 << 17,
		MaxMapPairs:       1 << 16,
		IndefLength:       cbor.IndefLengthAllowed,
		TagsMd:            cbor.TagsAllowed,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		UTF8:              cbor.UTF8RejectInvalid,
	}.DecMode()
	if err != nil {
		return cborCodec{}, fmt.Errorf("CBOR decoder: %w", err)
	}
	enc, err := cbor.EncOptions{Sort: cbor.SortNone, NilContainers: cbor.NilContainerAsNull}.EncMode()
	if err != nil {
		return cborCodec{}, fmt.Errorf("CBOR encoder: %w", err)
	}
	sorted, err := cbor.EncOptions{Sort: cbor.SortBytewiseLexical}.EncMode()
	if err != nil {
		return cborCodec{}, fmt.Errorf("CBOR encoder: %w", err)
	}
	return cborCodec{dec: dec, enc: enc, err: sorted}, nil
}

func (cborCodec) contentType() string { return "application/x-amz-cbor-1.1" }

func (c cborCodec) decode(body []byte, in any) error {
	if len(body) == 0 {
		return nil
	}
	if body[0]>>5 != 5 { // not a map
		return serialization("")
	}
	err := c.dec.Unmarshal(body, in)
	if err == nil {
		return nil
	}
	var wrong *cbor.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return serialization(fmt.Sprintf("Value of type %s can not be converted to %s", wrong.CBORType, wrong.GoType))
	}
	return serialization("")
}

func (c cborCodec) encode(_ *Request, out any) ([]byte, error) {
	if out == nil {
		return nil, nil
	}
	b, err := c.enc.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return b, nil
}

func (c cborCodec) encodeError(_ *Request, e *Error) []byte {
	if b, err := c.err.Marshal(errorMembers(e)); err == nil {
		return b
	}
	b, _ := c.err.Marshal(map[string]string{"__type": e.Code, "message": e.Message})
	return b
}

func (cborCodec) unknown(*Request) *Error { return unknownTarget() }
