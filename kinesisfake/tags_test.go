package kinesisfake

import (
	"strings"
	"testing"
)

// TestRemoveTagsLimits checks what the service model says of the keys.
func TestRemoveTagsLimits(t *testing.T) {
	s := newServer(t, Config{})
	if err := s.CreateStream(t.Context(), "s", 1); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, key, text string }{
		{"long", strings.Repeat("ä", 129), "at 'tagKeys.2.member' failed to satisfy constraint: Member must have length less than or equal to 128"},
		{"empty", "", "at 'tagKeys.2.member' failed to satisfy constraint: Member must have length greater than or equal to 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := call[struct{}](t, s, "RemoveTagsFromStream", removeTagsInput{streamRef{StreamName: ptr("s")}, []string{"a", tt.key}})
			wantError(t, err, "ValidationException", tt.text)
		})
	}
	if _, err := call[struct{}](t, s, "RemoveTagsFromStream", removeTagsInput{streamRef{StreamName: ptr("s")}, []string{strings.Repeat("ä", 128)}}); err != nil {
		t.Error(err)
	}
}
