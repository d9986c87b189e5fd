package console

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// aliasName is a name with the prefix that KMS wants, whether it was typed or not.
func aliasName(name string) string {
	if strings.HasPrefix(name, "alias/") {
		return name
	}
	return "alias/" + name
}

func createKey(c *Console, ctx context.Context, form url.Values) (string, error) {
	out, err := c.kms.CreateKey(ctx, &kms.CreateKeyInput{Description: optional(form, "description")})
	if err != nil {
		return "", err
	}
	id := aws.ToString(out.KeyMetadata.KeyId)
	if form.Get("alias") != "" {
		if _, err := c.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String(aliasName(form.Get("alias"))), TargetKeyId: &id}); err != nil {
			return "", fmt.Errorf("key %s is created, its alias is not: %s", id, cause(err))
		}
	}
	return fmt.Sprintf("Key %s is created.", id), nil
}

func enableKey(c *Console, ctx context.Context, form url.Values) (string, error) {
	_, err := c.kms.EnableKey(ctx, &kms.EnableKeyInput{KeyId: aws.String(form.Get("id"))})
	return "The key is enabled.", err
}

func disableKey(c *Console, ctx context.Context, form url.Values) (string, error) {
	_, err := c.kms.DisableKey(ctx, &kms.DisableKeyInput{KeyId: aws.String(form.Get("id"))})
	return "The key is disabled. What it encrypted cannot be decrypted meanwhile.", err
}

func deleteKey(c *Console, ctx context.Context, form url.Values) (string, error) {
	days, err := strconv.ParseInt(form.Get("days"), 10, 32)
	if err != nil {
		return "", fmt.Errorf("the waiting period is a number of days, 7 to 30, not %q", form.Get("days"))
	}
	_, err = c.kms.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(form.Get("id")), PendingWindowInDays: aws.Int32(int32(days))})
	return fmt.Sprintf("The key is deleted in %d days. Until then the deletion can be cancelled.", days), err
}

func keepKey(c *Console, ctx context.Context, form url.Values) (string, error) {
	_, err := c.kms.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: aws.String(form.Get("id"))})
	return "The deletion is cancelled. The key is disabled until you enable it.", err
}

func createAlias(c *Console, ctx context.Context, form url.Values) (string, error) {
	name := aliasName(form.Get("alias"))
	_, err := c.kms.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: aws.String(form.Get("id"))})
	return name + " is created.", err
}

func deleteAlias(c *Console, ctx context.Context, form url.Values) (string, error) {
	name := form.Get("alias")
	_, err := c.kms.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: &name})
	return name + " is deleted.", err
}
