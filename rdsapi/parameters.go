package rdsapi

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/das-local/das-local/internal/awsapi"
)

// parametersTable has a line for each parameter: name, type, static or dynamic,
// whether it can be modified, source, allowed values. The names, types and ranges
// are those of PostgreSQL 15 with pgaudit; the lines rds.… and apg_… follow the
// Aurora user guide. It serves for every version.
//
//go:embed parameters.tsv
var parametersTable string

// parameter is the API's Parameter.
type parameter struct {
	ParameterName        string
	ParameterValue       *string
	Description          string
	Source               string
	ApplyType            string
	DataType             string
	AllowedValues        string
	IsModifiable         bool
	MinimumEngineVersion string
	ApplyMethod          string
	SupportedEngineModes []string
}

// parameters are those of the table as a group without values of its own shows
// them, by name.
var parameters = sync.OnceValue(func() []parameter {
	var list []parameter
	for line := range strings.Lines(parametersTable) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		p := parameter{ParameterName: f[0], DataType: f[1], ApplyType: f[2], IsModifiable: f[3] == "1", Source: f[4], AllowedValues: f[5],
			ApplyMethod: applyLater, SupportedEngineModes: []string{"provisioned"}}
		list = append(list, p)
	}
	return list
})

// The apply methods of a parameter.
const (
	applyNow   = "immediate"
	applyLater = "pending-reboot"
)

// findParameter finds a parameter of the table.
func findParameter(name string) (parameter, error) {
	at, found := slices.BinarySearchFunc(parameters(), strings.ToLower(name), func(p parameter, want string) int {
		return strings.Compare(p.ParameterName, want)
	})
	if !found {
		return parameter{}, invalidValue("Could not find parameter with name: %s", name)
	}
	return parameters()[at], nil
}

// check tells whether a parameter can have a value.
func (p parameter) check(value, method string) error {
	switch {
	case method == "":
		return missing("ApplyMethod")
	case method != applyNow && method != applyLater:
		return invalidValue("Invalid apply method: %s. Valid values: immediate, pending-reboot", method)
	case !p.IsModifiable:
		return invalidValue("The parameter %s cannot be modified.", p.ParameterName)
	case method == applyNow && p.ApplyType == "static":
		return invalidCombination("cannot use immediate apply method for static parameter")
	case !p.allows(value):
		return invalidValue("Invalid parameter value: %s for: %s allowed values are: %s", value, p.ParameterName, p.AllowedValues)
	}
	return nil
}

// allows checks a value against the table; a formula over the instance's size
// ({DBInstanceClassMemory/9531392}) is taken at its word.
func (p parameter) allows(value string) bool {
	if p.AllowedValues == "" || strings.ContainsAny(value, "{(") {
		return true
	}
	if p.DataType != "integer" && p.DataType != "float" {
		return slices.Contains(strings.Split(p.AllowedValues, ","), strings.ToLower(value))
	}
	// A lower bound may be negative: the dash that parts the two comes later.
	cut := 1 + strings.Index(p.AllowedValues[1:], "-")
	low, _ := strconv.ParseFloat(p.AllowedValues[:cut], 64)
	high, _ := strconv.ParseFloat(p.AllowedValues[cut+1:], 64)
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || p.DataType == "integer" && n != float64(int64(n)) {
		return false
	}
	return n >= low && n <= high
}

// setParameter is a value that somebody has given.
type setParameter struct{ Value, Method string }

// changes are the parameters that a request modifies or resets.
func changes(given []parameter) (map[string]setParameter, error) {
	if len(given) == 0 {
		return nil, missing("Parameters")
	}
	if len(given) > maxChanged {
		return nil, invalidValue("A maximum of %d parameters can be modified in a single request.", maxChanged)
	}
	out := make(map[string]setParameter)
	for _, g := range given {
		if g.ParameterName == "" {
			return nil, missing("ParameterName")
		}
		p, err := findParameter(g.ParameterName)
		if err != nil {
			return nil, err
		}
		if g.ParameterValue == nil {
			return nil, missing("ParameterValue")
		}
		if err := p.check(*g.ParameterValue, g.ApplyMethod); err != nil {
			return nil, err
		}
		out[p.ParameterName] = setParameter{*g.ParameterValue, g.ApplyMethod}
	}
	return out, nil
}

// maxChanged is how many parameters one request may name.
const maxChanged = 20

// shape is how a group shows the parameters of a source ("user", "system",
// "engine-default"); "" is all.
func (g *parameterSet) shape(source string) ([]parameter, error) {
	if source != "" && source != "user" && source != "system" && source != "engine-default" {
		return nil, awsapi.Errorf("InvalidParameterValue", "Invalid source: %s. Valid values: customer, engine, service, user, system, engine-default", source)
	}
	var list []parameter
	for _, p := range parameters() {
		if v, ok := g.Values[p.ParameterName]; ok {
			p.ParameterValue, p.ApplyMethod, p.Source = &v.Value, v.Method, "user"
		}
		if source == "" || p.Source == source {
			list = append(list, p)
		}
	}
	return list, nil
}
