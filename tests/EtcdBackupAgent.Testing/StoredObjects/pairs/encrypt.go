package main

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
	"k8s.io/apiserver/pkg/storage/value"
)

type encrypted struct {
	Key      string `json:"key"`
	Group    string `json:"group"`
	Resource string `json:"resource"`
	Stored   []byte `json:"stored"`
	Plain    []byte `json:"plain"`
}

// encrypt stores values of several sizes as the server does, for the resources that tell the rules apart.
func encrypt(lines *json.Encoder, config string, count int) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	loaded, err := encryptionconfig.LoadEncryptionConfig(ctx, config, false, "test")
	if err != nil {
		return err
	}
	transformers := encryptionconfig.StaticTransformers(loaded.Transformers)
	resources := []schema.GroupResource{{Resource: "secrets"}, {Resource: "configmaps"}, {Group: "apps", Resource: "deployments"},
		{Group: "batch", Resource: "jobs"}, {Group: "example.com", Resource: "widgets"}}
	for i := range count {
		resource := resources[i%len(resources)]
		key := fmt.Sprintf("/registry/%s/ns/name-%d", resource.Resource, i)
		plain := append([]byte("k8s\x00"), make([]byte, i*7%300)...)
		for j := 4; j < len(plain); j++ {
			plain[j] = byte(i * j)
		}
		stored, err := transformers.TransformerForResource(resource).TransformToStorage(ctx, plain, value.DefaultContext(key))
		if err != nil {
			return err
		}
		if err := lines.Encode(encrypted{key, resource.Group, resource.Resource, stored, plain}); err != nil {
			return err
		}
	}
	return nil
}
