package main

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What package flag says, which knows flags by one dash and has no word on what a
// value should be.
var (
	unknownFlag = regexp.MustCompile(`^flag provided but not defined: --?(.*)$`)
	lacksValue  = regexp.MustCompile(`^flag needs an argument: --?(.*)$`)
	wrongValue  = regexp.MustCompile(`(?s)^invalid (?:boolean )?value ("(?:[^"\\]|\\.)*") for (?:flag )?-([^:]+): (.*)$`)
)

// explainFlag says in our own words what is wrong with a command line.
func explainFlag(fs flagSet, err error) error {
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("there is no flag --%s", m[1])
	}
	if m := lacksValue.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("--%s needs a value", m[1])
	}
	if m := wrongValue.FindStringSubmatch(text); m != nil {
		if value, err := strconv.Unquote(m[1]); err == nil {
			return badValue("--"+m[2], fs.Lookup(m[2]), value, errors.New(m[3]))
		}
	}
	return err
}

// badValue says that a flag, by the name that the user gave it, cannot have a value. The
// value is shown once, and not at all if it may be a key.
func badValue(name string, f *flag.Flag, value string, err error) error {
	err = explainValue(f, err)
	if f.Name == "kms-key" || strings.Contains(err.Error(), strconv.Quote(value)) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return fmt.Errorf("%s is %q: %w", name, value, err)
}

// explainValue says what a flag takes, if the error does not.
func explainValue(f *flag.Flag, err error) error {
	if err.Error() != "parse error" && err.Error() != "value out of range" {
		return err
	}
	getter, ok := f.Value.(flag.Getter)
	if !ok {
		return err
	}
	switch getter.Get().(type) {
	case time.Duration:
		return errors.New("it takes a duration such as 500ms, 30s or 2h")
	case bool:
		return errors.New("it takes true or false")
	case int, int64:
		return errors.New("it takes a whole number")
	}
	return err
}
