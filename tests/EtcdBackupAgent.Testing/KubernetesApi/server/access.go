package main

import (
	"context"
	"slices"

	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/request/x509"
	"k8s.io/apiserver/pkg/authentication/token/tokenfile"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

// Lets clients in by certificate or by token, and nobody without either; what they may do depends on one group only.
func authenticate(config *genericapiserver.Config, clientCAFile, tokenFile string) error {
	authority, err := dynamiccertificates.NewDynamicCAContentFromFile("client-ca", clientCAFile)
	if err != nil {
		return err
	}
	if err := config.Authentication.ApplyClientCert(authority, config.SecureServing); err != nil {
		return err
	}
	tokens, err := tokenfile.NewCSV(tokenFile)
	if err != nil {
		return err
	}
	config.Authentication.Authenticator = group.NewAuthenticatedGroupAdder(union.New(
		x509.NewDynamic(authority.VerifyOptions, x509.CommonNameUserConversion), bearertoken.New(tokens)))
	config.Authorization.Authorizer = authorizer.AuthorizerFunc(mastersOnly)
	return nil
}

// With RBAC, too, this group needs no role.
func mastersOnly(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	if a.GetUser() != nil && slices.Contains(a.GetUser().GetGroups(), user.SystemPrivilegedGroup) {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "only " + user.SystemPrivilegedGroup + " may use this server", nil
}
