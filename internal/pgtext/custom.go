package pgtext

// Type says how values of a type that is not built in are made. Of the first four at most one is
// set.
type Type struct {
	Like       uint32 // as those of this type: a domain's base, text for an enum, record for a composite
	Element    uint32 // an array of these
	Range      uint32 // a range of these, without a canonical form
	Multirange uint32 // a multirange of these, likewise
	// Fields are the types of a composite's columns: its text format does not have them.
	Fields []uint32
}

// custom asks Settings.TypeOf; a chain of domains counts as nesting.
func (p *printer) custom(oid uint32) (Type, bool) {
	if oid == 0 || p.s.TypeOf == nil {
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
	case t.Range != 0:
		return p.binaryRange(dst, subtype{oid: t.Range}, b)
	case t.Multirange != 0:
		return p.binaryMultirange(dst, subtype{oid: t.Multirange}, b)
	}
	return dst, false
}

func (p *printer) customText(dst []byte, oid uint32, s string) ([]byte, bool) {
	if textAsIs(oid) {
		return dst, false
	}
	t, ok := p.custom(oid)
	if !ok || !p.enter() {
		return dst, false
	}
	defer p.leave()
	switch {
	case t.Like == oidRecord:
		return p.textRecord(dst, t.Fields, s)
	case t.Like != 0:
		return p.text(dst, t.Like, s)
	case t.Element != 0:
		return p.textArray(dst, t.Element, s)
	case t.Range != 0:
		return p.textRange(dst, subtype{oid: t.Range}, s)
	case t.Multirange != 0:
		return p.textMultirange(dst, subtype{oid: t.Multirange}, s)
	}
	return dst, false
}

// textAsIs says whether the text format of a built-in type is left as it is.
func textAsIs(oid uint32) bool {
	switch oid {
	case oidTID, oidLSN, oidMoney, oidTxidSnap, oidSnapshot, oidPoint, oidLseg, oidPath, oidBox, oidPolygon, oidLine, oidCircle,
		oidTSVector, oidTSQuery, oidJSONPath, oidInt2Vector, oidOIDVector, oidRecord, oidVoid, oidChar:
		return true
	}
	return false
}

// reg prints a value of regclass and the like: the name, if it can be had.
func (p *printer) reg(dst []byte, oid uint32, value string) ([]byte, bool) {
	if p.s.RegName == nil {
		return dst, false
	}
	name, ok := p.s.RegName(oid, value)
	return append(dst, name...), ok
}

func isReg(oid uint32) bool {
	switch oid {
	case oidRegproc, oidRegproced, oidRegoper, oidRegoperator, oidRegclass, oidRegtype, oidRegconfig, oidRegdict, oidRegnsp, oidRegrole, oidRegcoll:
		return true
	}
	return false
}
