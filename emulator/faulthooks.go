package emulator

import (
	"context"

	"github.com/das-local/das-local/internal/awsapi"
	"github.com/das-local/das-local/internal/faults"
	"github.com/das-local/das-local/internal/stream"
	"github.com/das-local/das-local/rdsapi"
)

// Where calls meet the faults: those of clients in front of each service, those of
// das-local itself in front of the services' Go methods.
var (
	_ awsapi.Service     = faultyService{}
	_ stream.Publisher   = faultyPublisher{}
	_ stream.KeyService  = faultyKeys{}
	_ rdsapi.KeyResolver = faultyResolver{}
)

// meet lets the faults have their way with a call: it waits, and returns the error
// that the call is answered with. If stored, the call is carried out all the same.
func (e *Emulator) meet(ctx context.Context, c faults.Call) (stored bool, err error) {
	v := e.faults.Decide(c)
	for _, p := range v.Pauses {
		if err := e.pause(ctx, p); err != nil {
			return false, err
		}
	}
	if a := v.Answer; a != nil {
		return v.Stored, &awsapi.Error{Code: a.Code, Message: a.Message, Status: a.Status}
	}
	return false, nil
}

// faultyService is a service whose clients meet the faults.
type faultyService struct {
	awsapi.Service
	e *Emulator
}

// faulty makes faultyServices of services.
func (e *Emulator) faulty(services ...awsapi.Service) (list []awsapi.Service) {
	for _, s := range services {
		list = append(list, faultyService{s, e})
	}
	return list
}

// Operation implements awsapi.Service.
func (s faultyService) Operation(name string) awsapi.Operation {
	operation := s.Service.Operation(name)
	if operation == nil {
		return nil
	}
	return func(ctx context.Context, r *awsapi.Request, decode func(any) error) (any, error) {
		stored, fault := s.e.meet(ctx, faults.Call{Service: s.Name(), Operation: name})
		if fault != nil && !stored {
			return nil, fault
		}
		out, err := s.e.act(ctx, r, decode, operation) // behind the faults: a reset does not wait for a delay
		if err == nil && fault != nil {
			return nil, fault
		}
		return out, err
	}
}

// faultyPublisher meets the faults before it puts records.
type faultyPublisher struct {
	stream.Publisher
	e *Emulator
}

// PutRecords implements stream.Publisher, but for the promise that what an error is
// about is not stored: the events of a duplicate fault are published twice.
func (p faultyPublisher) PutRecords(ctx context.Context, streamName string, records []stream.Record) error {
	stored, fault := p.e.meet(ctx, faults.Call{Service: "kinesis", Operation: "PutRecords", Own: true})
	if fault != nil && !stored {
		return fault
	}
	if err := p.Publisher.PutRecords(ctx, streamName, records); err != nil {
		return err
	}
	return fault
}

// faultyKeys meets the faults before it makes a data key.
type faultyKeys struct {
	stream.KeyService
	e *Emulator
}

// GenerateDataKey implements stream.KeyService.
func (k faultyKeys) GenerateDataKey(ctx context.Context, keyID string, encryptionContext map[string]string) (plaintext, ciphertext []byte, err error) {
	if _, err := k.e.meet(ctx, faults.Call{Service: "kms", Operation: "GenerateDataKey", Own: true}); err != nil {
		return nil, nil, err
	}
	return k.KeyService.GenerateDataKey(ctx, keyID, encryptionContext)
}

// faultyResolver meets the faults before it looks a key up.
type faultyResolver struct {
	rdsapi.KeyResolver
	e *Emulator
}

// ResolveKey implements rdsapi.KeyResolver.
func (k faultyResolver) ResolveKey(ctx context.Context, id string) (rdsapi.KMSKey, error) {
	if _, err := k.e.meet(ctx, faults.Call{Service: "kms", Operation: "DescribeKey", Own: true}); err != nil {
		return rdsapi.KMSKey{}, err
	}
	return k.KeyResolver.ResolveKey(ctx, id)
}
