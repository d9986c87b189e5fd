package access

import (
	"sync"

	"github.com/das-local/das-local/internal/iam"
)

// policyCache keeps the policies of resources as they were parsed.
type policyCache struct {
	mu     sync.Mutex
	byText map[string]*iam.Document
}

// maxPolicies bounds the cache; what is in it beyond that goes at once.
const maxPolicies = 256

func (p *policyCache) parse(text string) (*iam.Document, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.byText[text]; d != nil {
		return d, nil
	}
	d, err := iam.ParseResourcePolicy(text)
	if err != nil {
		return nil, err
	}
	if p.byText == nil || len(p.byText) >= maxPolicies {
		p.byText = make(map[string]*iam.Document)
	}
	p.byText[text] = d
	return d, nil
}
