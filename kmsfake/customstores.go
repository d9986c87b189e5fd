package kmsfake

import "github.com/das-local/das-local/internal/awsapi"

// There are no custom key stores: every operation on one answers that it does not
// exist, and none can be made, since what it needs is not there either.

type keyStoreInput struct {
	CustomKeyStoreId                 *string
	NewCustomKeyStoreName            *string
	CustomKeyStoreName               *string
	CloudHsmClusterId                *string
	TrustAnchorCertificate           *string
	KeyStorePassword                 *string
	CustomKeyStoreType               *string
	XksProxyUriEndpoint              *string
	XksProxyUriPath                  *string
	XksProxyVpcEndpointServiceName   *string
	XksProxyVpcEndpointServiceOwner  *string
	XksProxyAuthenticationCredential *xksCredential
	XksProxyConnectivity             *string
}

type xksCredential struct{ AccessKeyId, RawSecretAccessKey *string }

func (s *Server) createCustomKeyStore(in *keyStoreInput) (*none, error) {
	if text(in.CustomKeyStoreType) == "EXTERNAL_KEY_STORE" {
		return nil, awsapi.Errorf("XksProxyUriUnreachableException", "External key stores are not emulated: no proxy can be reached.")
	}
	return nil, awsapi.Errorf("CloudHsmClusterNotFoundException", "AWS CloudHSM is not emulated: there is no cluster %s.", text(in.CloudHsmClusterId))
}

func (s *Server) missingKeyStore(in *keyStoreInput) (*none, error) {
	return nil, noKeyStore(*in.CustomKeyStoreId)
}

type describeStoresInput struct {
	CustomKeyStoreId   *string
	CustomKeyStoreName *string
	pageInput
}

type describeStoresOutput struct {
	CustomKeyStores []struct{}
	pageOutput
}

func (s *Server) describeCustomKeyStores(in *describeStoresInput) (*describeStoresOutput, error) {
	for _, name := range []*string{in.CustomKeyStoreId, in.CustomKeyStoreName} {
		if name != nil {
			return nil, noKeyStore(*name)
		}
	}
	return &describeStoresOutput{CustomKeyStores: []struct{}{}}, nil
}
