package pgtext

// Type says how values of a type that is not built in are made; at most one field is set.
type Type struct {
	Like    uint32 // as those of this type: a domain's base, text for an enum, record for a composite
	Element uint32 // an array of these
	Range   uint32 // a range of these
}

// firstCustom is FirstNormalObjectId: types below come with the server.
const firstCustom = 16384

// custom asks Settings.TypeOf; a chain of domains counts as nesting.
func (p *printer) custom(oid uint32) (Type, bool) {
	if oid < firstCustom || p.s.TypeOf == nil {
		return Type{}, false
	}
	return p.s.TypeOf(oid)
}

func (p *printer) customBinary(dst []byte, oid uint32, b []byte) ([]byte, bool) {
	t, ok := p.custom(oid)
	if !ok || !p.enter() {
		return dst, false
	}
	defer p.leave()
	switch {
	case t.Like != 0:
		return p.binary(dst, t.Like, b)
	case t.Element != 0:
		return p.binaryArray(dst, t.Element, b)
	case isRangeElement(t.Range):
		return p.binaryRange(dst, t.Range, b)
	}
	return dst, false
}

func (p *printer) customText(dst []byte, oid uint32, s string) ([]byte, bool) {
	t, ok := p.custom(oid)
	if !ok || !p.enter() {
		return dst, false
	}
	defer p.leave()
	switch {
	case t.Like != 0:
		return p.text(dst, t.Like, s)
	case t.Element != 0:
		return p.textArray(dst, t.Element, s)
	}
	return dst, false // a range type may have a canonical form of its own
}

// isRangeElement: ranges of this type are understood.
func isRangeElement(oid uint32) bool {
	switch oid {
	case oidInt4, oidInt8, oidNumeric, oidDate, oidTimestamp, oidTimestamptz:
		return true
	}
	return false
}
