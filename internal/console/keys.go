package console

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

type keyView struct {
	ID, ARN, State, Description, Manager string
	Aliases                              []string
	Created, Deletion                    time.Time
}

// Name is what a person calls the key: its first alias, else its id.
func (k keyView) Name() string {
	if len(k.Aliases) > 0 {
		return k.Aliases[0]
	}
	return k.ID
}

// AWSManaged keys can be neither disabled nor used for activity streams.
func (k keyView) AWSManaged() bool { return k.Manager == string(types.KeyManagerTypeAws) }

// readKeys describes all keys with their aliases.
func (c *Console) readKeys(ctx context.Context) ([]keyView, error) {
	aliases := map[string][]string{}
	named := kms.NewListAliasesPaginator(c.kms, &kms.ListAliasesInput{})
	for named.HasMorePages() {
		out, err := named.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, a := range out.Aliases {
			id := aws.ToString(a.TargetKeyId)
			aliases[id] = append(aliases[id], aws.ToString(a.AliasName))
		}
	}
	var list []keyView
	pages := kms.NewListKeysPaginator(c.kms, &kms.ListKeysInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, k := range out.Keys {
			d, err := c.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyId})
			if err != nil {
				return nil, err
			}
			m := d.KeyMetadata
			id := aws.ToString(m.KeyId)
			list = append(list, keyView{ID: id, ARN: aws.ToString(m.Arn), State: string(m.KeyState), Description: visible(aws.ToString(m.Description)),
				Manager: string(m.KeyManager), Aliases: aliases[id], Created: aws.ToTime(m.CreationDate), Deletion: aws.ToTime(m.DeletionDate)})
		}
	}
	return list, nil
}

// usable are the keys that a stream can be started with.
func usable(keys []keyView) []keyView {
	var list []keyView
	for _, k := range keys {
		if k.State == string(types.KeyStateEnabled) && !k.AWSManaged() && !strings.HasPrefix(k.Name(), "alias/aws/") {
			list = append(list, k)
		}
	}
	return list
}

// keys is the page of KMS keys.
func (c *Console) keys(w http.ResponseWriter, r *http.Request) {
	keys, err := c.readKeys(r.Context())
	if err != nil {
		c.failed(w, "The keys cannot be listed", err)
		return
	}
	c.render(w, "keys", "Keys", map[string]any{"Keys": keys})
}
