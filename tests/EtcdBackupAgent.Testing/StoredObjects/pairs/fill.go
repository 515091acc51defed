package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"sort"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	"k8s.io/apimachinery/pkg/api/resource"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/randfill"
)

type pair struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Variant    int             `json:"variant"`
	Stored     []byte          `json:"stored"`
	Printed    json.RawMessage `json:"printed"`
}

// The variants of an object: nothing set; everything set; Kubernetes' own mix; few fields; and everything set without
// Kubernetes' own functions, with values that its API would refuse.
var variants = []struct {
	nilChance float64
	most      int
	own       bool
}{{1, 0, false}, {0, 3, false}, {.5, 1, true}, {.85, 2, false}, {0, 2, true}, {.2, 2, false}}

func fill(lines *json.Encoder, seed int64, count int) error {
	codecs := serializer.NewCodecFactory(scheme.Scheme)
	stored := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)
	for number, gvk := range kinds() {
		for i := range count {
			variant := i % len(variants)
			object, err := scheme.Scheme.New(gvk)
			if err != nil {
				return err
			}
			source := rand.NewSource(seed + int64(number*count+i))
			if variants[variant].nilChance < 1 {
				filler(variant, source, codecs).Fill(object)
			}
			object.GetObjectKind().SetGroupVersionKind(gvk)
			var bytes bytes.Buffer
			if err := stored.Encode(object, &bytes); err != nil {
				return fmt.Errorf("%s: %w", gvk, err)
			}
			printed, err := print(stored, bytes.Bytes())
			if err != nil {
				return fmt.Errorf("%s: %w", gvk, err)
			}
			apiVersion, kind := gvk.ToAPIVersionAndKind()
			if err := lines.Encode(pair{apiVersion, kind, variant, bytes.Bytes(), printed}); err != nil {
				return err
			}
		}
	}
	return nil
}

// kinds returns every kind with metadata, in a fixed order.
func kinds() []schema.GroupVersionKind {
	var found []schema.GroupVersionKind
	for gvk, goType := range scheme.Scheme.AllKnownTypes() {
		if _, hasMetadata := goType.FieldByName("ObjectMeta"); hasMetadata && strings.HasPrefix(goType.PkgPath(), "k8s.io/api/") {
			found = append(found, gvk)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].String() < found[j].String() })
	return found
}

// print returns what kubectl prints: the object as it is decoded from the stored bytes, as JSON with sorted names.
func print(decoder runtime.Decoder, stored []byte) ([]byte, error) {
	object, _, err := decoder.Decode(stored, nil, nil)
	if err != nil {
		return nil, err
	}
	typed, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := kjson.Unmarshal(typed, &fields); err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

func filler(variant int, source rand.Source, codecs serializer.CodecFactory) *randfill.Filler {
	own := func(serializer.CodecFactory) []any {
		return []any{fillMetadata, fillTime, fillMicroTime, fillQuantity, fillFields, fillText, fillManagedFields}
	}
	funcs := []fuzzer.FuzzerFuncs{metafuzzer.Funcs}
	if !variants[variant].own {
		funcs = append(funcs, own)
	}
	return fuzzer.FuzzerFor(fuzzer.MergeFuzzerFuncs(funcs...), source, codecs).
		NilChance(variants[variant].nilChance).NumElements(0, variants[variant].most)
}

func fillMetadata(metadata *metav1.ObjectMeta, c randfill.Continue) { c.FillNoCustom(metadata) }

func fillManagedFields(entry *metav1.ManagedFieldsEntry, c randfill.Continue) { c.FillNoCustom(entry) }

func fillTime(t *metav1.Time, c randfill.Continue) {
	switch c.Intn(6) {
	case 0:
		*t = metav1.Time{}
	case 1:
		*t = metav1.Unix(0, 0)
	case 2:
		*t = metav1.Unix(-c.Int63n(60_000_000_000), 0)
	default:
		*t = metav1.Unix(c.Int63n(250_000_000_000), c.Int63n(int64(time.Second)))
	}
}

func fillMicroTime(t *metav1.MicroTime, c randfill.Continue) {
	switch c.Intn(6) {
	case 0:
		*t = metav1.MicroTime{}
	case 1:
		*t = metav1.UnixMicro(0, 0)
	default:
		*t = metav1.UnixMicro(c.Int63n(100_000_000_000)-10_000_000_000, c.Int63n(int64(time.Second)))
	}
}

func fillQuantity(q *resource.Quantity, c randfill.Continue) {
	texts := []string{"0", "100m", "1500m", "1Gi", "1536Mi", "1e3", "12E", "0.5", "-3", "123456789012345678901", "1n", "2Ki"}
	if c.Intn(8) == 0 {
		*q = resource.Quantity{}
		return
	}
	*q = resource.MustParse(texts[c.Intn(len(texts))])
}

func fillFields(fields *metav1.FieldsV1, c randfill.Continue) {
	texts := []string{`{}`, `{"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{"f:x":{}}}`, `{"z":1,"a":[1.50,1e3,true,null,"<&>\u00e9"]}`, ``}
	fields.Raw = []byte(texts[c.Intn(len(texts))])
}

// fillText writes what JSON escapes, what is not UTF-8, and what YAML takes for something else.
func fillText(text *string, c randfill.Continue) {
	texts := []string{"", "a", "<b>&\"c\"\\", "true", "null", "0x10", "line\nfeed\ttab\u0001", "ünïcödé", "日本語", "😀", "a\xffb", "\xe2\x82", "\xed\xa0\x80", "\u2028", "\u007f"}
	if c.Intn(3) == 0 {
		*text = c.String(0)
		return
	}
	*text = texts[c.Intn(len(texts))]
}
