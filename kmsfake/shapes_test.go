package kmsfake

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// TestShapes checks that every member we read or write is one that the AWS SDK
// knows: a misspelt one would be ignored in silence.
func TestShapes(t *testing.T) {
	for _, pair := range []struct{ ours, theirs any }{
		{keyMetadata{}, types.KeyMetadata{}}, {aliasEntry{}, types.AliasListEntry{}}, {tag{}, types.Tag{}}, {keyListEntry{}, types.KeyListEntry{}},
		{createKeyInput{}, kms.CreateKeyInput{}}, {describeInput{}, kms.DescribeKeyInput{}}, {keyOutput{}, kms.DescribeKeyOutput{}},
		{listKeysOutput{}, kms.ListKeysOutput{}}, {descriptionInput{}, kms.UpdateKeyDescriptionInput{}},
		{aliasInput{}, kms.CreateAliasInput{}}, {listAliasesInput{}, kms.ListAliasesInput{}}, {listAliasesOutput{}, kms.ListAliasesOutput{}},
		{encryptInput{}, kms.EncryptInput{}}, {encryptOutput{}, kms.EncryptOutput{}}, {decryptInput{}, kms.DecryptInput{}}, {decryptOutput{}, kms.DecryptOutput{}},
		{reEncryptInput{}, kms.ReEncryptInput{}}, {reEncryptOutput{}, kms.ReEncryptOutput{}},
		{dataKeyInput{}, kms.GenerateDataKeyInput{}}, {dataKeyOutput{}, kms.GenerateDataKeyOutput{}},
		{randomInput{}, kms.GenerateRandomInput{}}, {randomOutput{}, kms.GenerateRandomOutput{}},
		{scheduleInput{}, kms.ScheduleKeyDeletionInput{}}, {scheduleOutput{}, kms.ScheduleKeyDeletionOutput{}}, {keyIDOutput{}, kms.CancelKeyDeletionOutput{}},
		{policyInput{}, kms.PutKeyPolicyInput{}}, {policyOutput{}, kms.GetKeyPolicyOutput{}},
		{listPoliciesInput{}, kms.ListKeyPoliciesInput{}}, {listPoliciesOutput{}, kms.ListKeyPoliciesOutput{}},
		{listTagsInput{}, kms.ListResourceTagsInput{}}, {listTagsOutput{}, kms.ListResourceTagsOutput{}},
		{rotationInput{}, kms.EnableKeyRotationInput{}}, {rotationOutput{}, kms.GetKeyRotationStatusOutput{}},
	} {
		ours, theirs := reflect.TypeOf(pair.ours), reflect.TypeOf(pair.theirs)
		for _, f := range reflect.VisibleFields(ours) {
			if f.Anonymous {
				continue
			}
			if _, ok := theirs.FieldByName(f.Name); !ok {
				t.Errorf("%s has %s, which %s lacks", ours.Name(), f.Name, theirs.Name())
			}
		}
	}
}
