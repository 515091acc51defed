package main

import (
	"encoding/json"
	"fmt"
	"math/rand"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	structuraldefaulting "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	structuralpruning "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	kjson "k8s.io/apimachinery/pkg/util/json"
)

type custom struct {
	Definition any             `json:"definition"`
	Stored     json.RawMessage `json:"stored"`
	Printed    json.RawMessage `json:"printed"`
}

// customs writes custom resources of random fields with random schemas, as the parts of the API server read them that prune
// and default. ServedObjectTests shows on a whole server that they work in this order.
func customs(lines *json.Encoder, seed int64, count int) error {
	for i := range count {
		random := rand.New(rand.NewSource(seed + int64(i)))
		versions := map[string]*structuralschema.Structural{}
		var served []any
		for _, name := range []string{"v1beta1", "v1"} {
			schema := map[string]any{"type": "object", "properties": map[string]any{"spec": randomSchema(random, 4), "a": randomSchema(random, 2)}}
			if random.Intn(8) == 0 {
				schema["x-kubernetes-preserve-unknown-fields"] = true
			}
			structural, err := readSchema(schema)
			if err != nil {
				return err
			}
			versions[name] = structural
			served = append(served, map[string]any{"name": name, "served": true, "storage": name == "v1beta1", "schema": map[string]any{"openAPIV3Schema": schema}})
		}
		object := map[string]any{"apiVersion": "example.com/v1beta1", "kind": "Widget", "spec": randomValue(random, 5), "a": randomValue(random, 3)}
		if random.Intn(10) > 0 {
			object["metadata"] = randomMetadata(random)
		}
		stored, err := json.Marshal(object)
		if err != nil {
			return err
		}
		var read map[string]any
		if err := kjson.Unmarshal(stored, &read); err != nil {
			return err
		}

		if err := coerce(read, versions["v1beta1"], true); err != nil {
			return fmt.Errorf("object %d: %w", i, err)
		}
		structuraldefaulting.Default(read, versions["v1beta1"])
		read["apiVersion"] = "example.com/v1"
		if coerce(read, versions["v1"], false) != nil {
			continue // a server does not show such an object
		}
		printed, err := json.Marshal(read)
		if err != nil {
			return err
		}
		definition := map[string]any{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": map[string]any{
			"group": "example.com", "scope": "Namespaced", "names": map[string]any{"plural": "widgets", "kind": "Widget"}, "versions": served}}
		if err := lines.Encode(custom{definition, stored, printed}); err != nil {
			return err
		}
	}
	return nil
}

func readSchema(schema map[string]any) (*structuralschema.Structural, error) {
	text, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	var v1 apiextensionsv1.JSONSchemaProps
	if err := json.Unmarshal(text, &v1); err != nil {
		return nil, err
	}
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&v1, &internal, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(&internal)
	if err != nil {
		return nil, err
	}
	return structural, structuraldefaulting.PruneDefaults(structural)
}

// coerce does what unstructuredSchemaCoercer does; reading from etcd drops invalid metadata, converting refuses it.
func coerce(object map[string]any, schema *structuralschema.Structural, isStored bool) error {
	metadata, found, err := schemaobjectmeta.GetObjectMeta(object, isStored)
	if err != nil {
		return err
	}
	kind, apiVersion := object["kind"], object["apiVersion"]
	structuralpruning.Prune(object, schema, true)
	structuraldefaulting.PruneNonNullableNullsWithoutDefaults(object, schema)
	if err := schemaobjectmeta.Coerce(nil, object, schema, false, isStored); err != nil {
		return err
	}
	if found && isStored && metadata.Generation == 0 {
		metadata.Generation = 1
	}
	object["kind"], object["apiVersion"] = kind, apiVersion
	if found {
		return schemaobjectmeta.SetObjectMeta(object, metadata)
	}
	return nil
}

var names = []string{"a", "b", "c", "d", "apiVersion", "kind", "metadata"}

func randomSchema(random *rand.Rand, depth int) map[string]any {
	schema := map[string]any{}
	switch kind := random.Intn(10); {
	case depth == 0 || kind < 3:
		schema["type"] = "string"
	case kind < 8:
		schema["type"] = "object"
		switch random.Intn(4) {
		case 0:
			schema["additionalProperties"] = randomSchema(random, depth-1)
		default:
			properties := map[string]any{}
			for _, name := range names[:4] {
				if random.Intn(3) > 0 {
					properties[name] = randomSchema(random, depth-1)
				}
			}
			schema["properties"] = properties
			schema["x-kubernetes-preserve-unknown-fields"] = random.Intn(4) == 0
			schema["x-kubernetes-embedded-resource"] = random.Intn(4) == 0
		}
	default:
		schema["type"] = "array"
		schema["items"] = randomSchema(random, depth-1)
	}
	for _, flag := range []string{"x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"} {
		if schema[flag] == false {
			delete(schema, flag)
		}
	}
	if random.Intn(4) == 0 {
		schema["nullable"] = true
	}
	if random.Intn(4) == 0 {
		schema["default"] = randomValue(random, 2)
	}
	return schema
}

func randomValue(random *rand.Rand, depth int) any {
	switch kind := random.Intn(12); {
	case kind == 0:
		return nil
	case depth == 0 || kind < 3:
		return []any{"text", "", true, int64(random.Intn(100)), random.Float64(), 1e30}[random.Intn(6)]
	case kind < 10:
		fields := map[string]any{}
		for _, name := range names {
			if random.Intn(2) == 0 {
				fields[name] = randomValue(random, depth-1)
			}
		}
		if random.Intn(3) == 0 {
			fields["metadata"] = randomMetadata(random)
		}
		return fields
	default:
		items := make([]any, random.Intn(4))
		for i := range items {
			items[i] = randomValue(random, depth-1)
		}
		return items
	}
}

// randomMetadata has valid fields, invalid ones and unknown ones.
func randomMetadata(random *rand.Rand) map[string]any {
	all := map[string][]any{
		"name":                       {"a", "", 5, nil},
		"namespace":                  {"ns", true},
		"generation":                 {int64(0), int64(7), "x", 1.5},
		"labels":                     {map[string]any{"k": "v"}, map[string]any{}, map[string]any{"k": 5}, map[string]any{"k": nil}, "x", nil},
		"annotations":                {map[string]any{"a": "b", "c": ""}, nil},
		"finalizers":                 {[]any{"f"}, []any{}, []any{5}, "x"},
		"creationTimestamp":          {"2024-01-02T03:04:05Z", "2024-01-02T03:04:05+02:00", nil, "yesterday"},
		"deletionTimestamp":          {"2024-01-02T03:04:05Z", nil},
		"deletionGracePeriodSeconds": {int64(0), int64(30), nil},
		"ownerReferences": {[]any{map[string]any{"name": "n", "uid": "u", "x": 1}}, []any{map[string]any{"controller": false, "kind": "K"}},
			[]any{map[string]any{"name": 1}}, []any{}, []any{nil}},
		"managedFields": {[]any{map[string]any{"manager": "m", "time": "2024-01-02T03:04:05Z", "fieldsV1": map[string]any{"f:z": map[string]any{}, "f:a": 1}}}, nil},
		"unknown":       {1},
		"uid":           {"u"},
	}
	metadata := map[string]any{}
	for _, name := range []string{"name", "namespace", "generation", "labels", "annotations", "finalizers", "creationTimestamp", "deletionTimestamp",
		"deletionGracePeriodSeconds", "ownerReferences", "managedFields", "unknown", "uid"} {
		if random.Intn(2) == 0 {
			values := all[name]
			metadata[name] = values[random.Intn(len(values))]
		}
	}
	return metadata
}
