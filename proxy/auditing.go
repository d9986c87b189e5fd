package proxy

import (
	"fmt"

	"github.com/das-local/das-local/internal/activity"
	"github.com/das-local/das-local/internal/classify"
	"github.com/das-local/das-local/proxy/internal/audit"
)

// An AuditConfig says how statements become events.
type AuditConfig struct {
	// Catalog resolves the names in statements. Nil leaves them as written.
	Catalog audit.Catalog
	// Classifier reads SQL texts. It may be shared. Nil makes one.
	Classifier *classify.Classifier
	// ConnectClass is the class of CONNECT, DISCONNECT and AUTH FAILURE events.
	// Empty means MISC.
	ConnectClass activity.Class
	// SingleText cuts commandText to the statement; otherwise each statement of
	// a string has the whole string.
	SingleText bool
	// RolePasswords takes the passwords of role statements out of texts and messages, and
	// nothing else; otherwise all that seems to be a secret goes.
	RolePasswords bool
	// NoCatalogEvents leaves out reads of pg_catalog.
	NoCatalogEvents bool
	// Assisted says that the upstream's own audit, pgaudit, reports to its clients
	// what it records, at level info and with rows, parameters and relations. The
	// proxy takes those messages out of the stream and makes events of them.
	Assisted bool
}

// auditOpener makes the function that starts the audit of a session. params
// are those of the StartupMessage.
func (c *AuditConfig) opener(maxText int) (func(about activity.Session, params map[string]string) auditor, error) {
	if c.Classifier == nil {
		classifier, err := classify.New(classify.Config{})
		if err != nil {
			return nil, fmt.Errorf("make a classifier: %w", err)
		}
		c.Classifier = classifier
	}
	conf := c.session(maxText)
	return func(about activity.Session, params map[string]string) auditor {
		conf := conf
		conf.Session, conf.Startup = &about, params
		s, err := audit.New(conf)
		if err != nil {
			return nil // not reached: Classifier and Session are set
		}
		return s
	}, nil
}

// foreseer makes the function that makes the Session for a session's intents. The
// Classifier is set.
func (c *AuditConfig) foreseer(maxText int) func(about activity.Session, params map[string]string) *audit.Session {
	conf := c.session(maxText)
	conf.Catalog, conf.Assisted, conf.Foreseeing = nil, false, true
	return func(about activity.Session, params map[string]string) *audit.Session {
		conf := conf
		conf.Session, conf.Startup = &about, params
		s, err := audit.New(conf)
		if err != nil {
			return nil // not reached: Classifier and Session are set
		}
		return s
	}
}

// session is the configuration of each session's audit.
func (c *AuditConfig) session(maxText int) audit.Config {
	conf := audit.Config{
		Classifier:      c.Classifier,
		Catalog:         c.Catalog,
		ConnectClass:    c.ConnectClass,
		NoCatalogEvents: c.NoCatalogEvents,
		Assisted:        c.Assisted,
		MaxText:         maxText,
	}
	if c.SingleText {
		conf.CommandText = audit.Single
	}
	if c.RolePasswords {
		conf.Redaction = classify.Roles
	}
	return conf
}
