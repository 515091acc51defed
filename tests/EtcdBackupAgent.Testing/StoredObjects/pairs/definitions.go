package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strconv"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	crdfuzzer "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/fuzzer"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	crdserver "k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "k8s.io/apimachinery/pkg/util/json"
)

// definitions writes CustomResourceDefinitions as a kube-apiserver stores them, in v1beta1, beside what it serves, in v1.
func definitions(lines *json.Encoder, seed int64, count int) error {
	stored := crdserver.Codecs.LegacyCodec(apiextensionsv1beta1.SchemeGroupVersion)
	served := crdserver.Codecs.LegacyCodec(apiextensionsv1.SchemeGroupVersion)
	for i := range count {
		definition := &apiextensions.CustomResourceDefinition{}
		fuzzer.FuzzerFor(fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs, crdfuzzer.Funcs), rand.NewSource(seed+int64(i)), crdserver.Codecs).
			NilChance(.4).NumElements(0, 2).MaxDepth(14).Fill(definition)
		definition.ResourceVersion = strconv.Itoa(i)
		bytes, err := runtime.Encode(stored, definition)
		if err != nil {
			return fmt.Errorf("definition %d: %w", i, err)
		}
		decoded, err := runtime.Decode(stored, bytes)
		if err != nil {
			return fmt.Errorf("definition %d: %w", i, err)
		}
		typed, err := runtime.Encode(served, decoded)
		if err != nil {
			return fmt.Errorf("definition %d: %w", i, err)
		}
		var fields map[string]any
		if err := kjson.Unmarshal(typed, &fields); err != nil {
			return err
		}
		printed, err := json.Marshal(fields)
		if err != nil {
			return err
		}
		if err := lines.Encode(pair{"apiextensions.k8s.io/v1", "CustomResourceDefinition", i, bytes, printed}); err != nil {
			return err
		}
	}
	return nil
}
