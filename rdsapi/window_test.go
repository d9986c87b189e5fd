package rdsapi

import "testing"

func TestWindowsMustNotMeet(t *testing.T) {
	for _, test := range []struct {
		backup, maintenance string
		ok                  bool
	}{
		{"", "", true},
		{"04:00-04:30", "", true},
		{"04:00-04:30", "sun:05:00-sun:05:30", true},
		{"04:00-05:00", "sun:05:00-sun:05:30", true},
		{"04:00-05:01", "sun:05:00-sun:05:30", false},
		{"05:29-06:00", "wed:05:00-wed:05:30", false},
		{"05:30-06:00", "wed:05:00-wed:05:30", true},
		{"23:45-00:15", "sun:00:00-sun:00:30", false}, // Saturday's backup
		{"04:00-04:30", "mon:22:00-tue:22:00", false},
		{"04:00-04:29", "", false},
		{"4:00-5:00", "", false},
	} {
		if err := checkWindows(test.backup, test.maintenance); (err == nil) != test.ok {
			t.Errorf("%s and %s: %v", test.backup, test.maintenance, err)
		}
	}
}
