package classify

// secretArgs says which arguments of a function, from 0, hold a password or key: those of pgcrypto
// and of AWS's extensions.
func secretArgs(name string) (from, to int, ok bool) {
	switch name {
	case "crypt":
		return 0, 0, true
	case "encrypt", "decrypt", "encrypt_iv", "decrypt_iv", "hmac",
		"pgp_sym_encrypt", "pgp_sym_encrypt_bytea", "pgp_sym_decrypt", "pgp_sym_decrypt_bytea":
		return 1, 1, true
	case "pgp_pub_decrypt", "pgp_pub_decrypt_bytea", "create_aws_credentials":
		return 1, 2, true
	}
	return 0, 0, false
}

// secretCall masks the secret arguments of a function whose name was read; false if it has none.
func (r *redactor) secretCall(name string) bool {
	from, to, ok := secretArgs(name)
	look := r.lex
	if !ok || !look.next().is(r.s, "(") {
		return false
	}
	r.lex = look
	depth, arg := 0, 0
	for {
		look = r.lex
		t := look.next()
		switch {
		case t.kind == tokEOF, t.is(r.s, ";"):
			return true
		case t.is(r.s, "("), t.is(r.s, "["):
			depth++
		case t.is(r.s, ")"), t.is(r.s, "]"):
			if depth--; depth < 0 {
				r.lex, r.prev = look, t // an outer call must not take it for its own
				return true
			}
		case t.is(r.s, ",") && depth == 0:
			arg++
		}
		r.lex = look
		switch secret := from <= arg && arg <= to; {
		case secret && t.kind == tokString:
			r.literal(t, true)
		case secret && t.kind == tokParam:
			r.param(t)
		default:
			r.token(t)
		}
		r.prev = t
	}
}
