package classify

// Redaction says what counts as a secret in texts, parameters and error messages.
type Redaction uint8

const (
	// Wide takes out whatever seems to be one, rather too much than too little: see Redact.
	Wide Redaction = iota
	// Roles takes out the passwords of roles and nothing else, as pgaudit does before version 16,
	// whose rule the first paragraph of Redact's document has. A text that is put together from
	// literals, and what a DO block holds, is no role statement. So that a consumer's own masking
	// has something to mask.
	Roles
)

// Text is Redact of that kind.
func (k Redaction) Text(text string) (shown string, changed bool) {
	if k == Wide {
		return Redact(text)
	}
	if !suspicious(text) {
		return text, false
	}
	r := redactor{s: text, roles: true}
	r.pass()
	r.edits = nil
	return r.result()
}

// Broken is RedactBroken of that kind.
func (k Redaction) Broken(text string) (shown string, changed bool) {
	if k == Wide {
		return RedactBroken(text)
	}
	return k.Text(text)
}

// Value is RedactValue of that kind.
func (k Redaction) Value(v string) (shown string, changed bool) {
	if k == Wide {
		return RedactValue(v)
	}
	return v, false
}

// Params is SecretParams of that kind: no role statement takes parameters.
func (k Redaction) Params(text string) map[int]bool {
	if k == Wide {
		return SecretParams(text)
	}
	return nil
}

// Settings is SettingParams of that kind.
func (k Redaction) Settings(text string) map[int]int {
	if k == Wide {
		return SettingParams(text)
	}
	return nil
}

// Message is RedactMessage of that kind.
func (k Redaction) Message(text, message string) string {
	if k == Wide {
		return RedactMessage(text, message)
	}
	if _, secret := k.Text(text); secret {
		return RedactMessage(text, message)
	}
	return message
}
