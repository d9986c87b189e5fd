package querytree

import "strconv"

// A Node is one {KIND :field value …}.
type Node struct {
	Kind   string
	Fields []Field
}

// A Field is one of a node's fields, in the order printed.
type Field struct {
	Name  string // without the colon
	Value Value
}

// A Value is a node, a list or a token. All three are unset for NULL ("<>").
type Value struct {
	Node  *Node
	List  []Value
	Token string
	Rest  string // what follows the token: the bytes of a constant, "[ 1 0 0 0 ]"
}

// Get is the value of a field, the zero Value if there is none. A nil node has none.
func (n *Node) Get(name string) Value {
	if n == nil {
		return Value{}
	}
	for i := range n.Fields {
		if n.Fields[i].Name == name {
			return n.Fields[i].Value
		}
	}
	return Value{}
}

// Has says whether the node has a field of that name.
func (n *Node) Has(name string) bool {
	if n == nil {
		return false
	}
	for i := range n.Fields {
		if n.Fields[i].Name == name {
			return true
		}
	}
	return false
}

// Int is a field's number, 0 if it has none.
func (n *Node) Int(name string) int {
	i, _ := strconv.Atoi(n.Get(name).Token)
	return i
}

// OID is a field's object identifier, 0 if it has none.
func (n *Node) OID(name string) uint32 { return n.Get(name).OID() }

// Null says whether v is NULL.
func (v Value) Null() bool { return v.Node == nil && v.List == nil && v.Token == "" }

// OID is the token as an object identifier, 0 if it is none.
func (v Value) OID() uint32 {
	u, _ := strconv.ParseUint(v.Token, 10, 32)
	return uint32(u)
}

// Bool says whether a field is true.
func (n *Node) Bool(name string) bool { return n.Get(name).Token == "true" }

// Is says whether v is a node of that kind.
func (v Value) Is(kind string) bool { return v.Node != nil && v.Node.Kind == kind }
