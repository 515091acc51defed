package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
)

type field struct {
	number   int
	name     string // the name in JSON; empty if the field is inlined
	wireName string // the name in the .proto file
	typeName string // pointer, list or map, and the type of a value
	flags    string // " inline", " omitempty", " omitzero"
}

type message struct {
	name   string
	fields []field
}

type kind struct {
	group, groupVersion, kind, message string
	goPackage                          string
}

type table struct {
	kinds    []kind
	messages []*message
	byName   map[string]*message
}

// The types that print themselves. The agent has a rule of its own for each.
var specialTypes = map[reflect.Type]string{
	reflect.TypeFor[metav1.Time]():          "time",
	reflect.TypeFor[metav1.MicroTime]():     "microTime",
	reflect.TypeFor[metav1.FieldsV1]():      "json",
	reflect.TypeFor[runtime.RawExtension](): "json",
	reflect.TypeFor[resource.Quantity]():    "quantity",
	reflect.TypeFor[intstr.IntOrString]():   "intOrString",
}

var (
	marshaler   = reflect.TypeFor[json.Marshaler]()
	unmarshaler = reflect.TypeFor[interface{ Unmarshal([]byte) error }]()
)

// readTypes finds every kind with metadata that the libraries' client knows, and the messages that it contains.
func readTypes() (*table, error) {
	t := &table{byName: map[string]*message{}}
	for gvk, goType := range scheme.Scheme.AllKnownTypes() {
		if _, hasMetadata := goType.FieldByName("ObjectMeta"); !hasMetadata || !strings.HasPrefix(goType.PkgPath(), "k8s.io/api/") {
			continue
		}
		name, err := t.add(goType)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", gvk, err)
		}
		t.kinds = append(t.kinds, kind{gvk.Group, gvk.GroupVersion().String(), gvk.Kind, name, goType.PkgPath()})
	}
	sort.Slice(t.kinds, func(i, j int) bool {
		a, b := t.kinds[i], t.kinds[j]
		return a.groupVersion < b.groupVersion || a.groupVersion == b.groupVersion && a.kind < b.kind
	})
	sort.Slice(t.messages, func(i, j int) bool { return t.messages[i].name < t.messages[j].name })
	return t, nil
}

func messageName(goType reflect.Type) string {
	return strings.ReplaceAll(goType.PkgPath(), "/", ".") + "." + goType.Name()
}

// add adds the message of a struct and those of its fields, and returns its name.
func (t *table) add(goType reflect.Type) (string, error) {
	name := messageName(goType)
	if _, known := t.byName[name]; known {
		return name, nil
	}
	if goType.Implements(marshaler) || reflect.PointerTo(goType).Implements(marshaler) {
		return "", fmt.Errorf("%s prints itself, and there is no rule for it", name)
	}
	m := &message{name: name}
	t.byName[name] = m
	t.messages = append(t.messages, m)
	for i := range goType.NumField() {
		goField := goType.Field(i)
		if goField.Type == reflect.TypeFor[metav1.TypeMeta]() {
			continue // apiVersion and kind are in the envelope
		}
		f, err := t.field(goField)
		if err != nil {
			return "", fmt.Errorf("%s.%s: %w", name, goField.Name, err)
		}
		m.fields = append(m.fields, f)
	}
	sort.Slice(m.fields, func(i, j int) bool { return m.fields[i].number < m.fields[j].number })
	return name, nil
}

// field reads the tags of a field: protobuf:"bytes,3,opt,name=status" and json:"status,omitempty".
func (t *table) field(goField reflect.StructField) (field, error) {
	tag := goField.Tag.Get("protobuf")
	if tag == "" {
		tag = goField.Tag.Get("proto")
	}
	parts := strings.Split(tag, ",")
	if len(parts) < 3 {
		return field{}, fmt.Errorf("it has no protobuf tag")
	}
	number, err := strconv.Atoi(parts[1])
	if err != nil {
		return field{}, err
	}
	f := field{number: number}
	for _, part := range parts {
		if name, found := strings.CutPrefix(part, "name="); found {
			f.wireName = name
		}
	}
	options := strings.Split(goField.Tag.Get("json"), ",")
	f.name = options[0]
	for _, option := range options[1:] {
		switch option {
		case "inline":
		case "omitempty", "omitzero":
			f.flags += " " + option
		default:
			return field{}, fmt.Errorf("the option %q of its json tag is unknown", option)
		}
	}
	if f.name == "" {
		// A struct that is embedded without a name: its fields are printed as fields of this message.
		if !goField.Anonymous || goField.Type.Kind() != reflect.Struct {
			return field{}, fmt.Errorf("it has no name, and is not an embedded struct")
		}
		f.flags = " inline"
		if f.wireName == "" {
			f.wireName = strings.ToLower(goField.Name[:1]) + goField.Name[1:]
		}
	}
	if strings.Contains(f.flags, "omitzero") && goField.Type != reflect.TypeFor[metav1.Time]() {
		return field{}, fmt.Errorf("there is no rule for omitzero of %s", goField.Type)
	}
	f.typeName, err = t.typeName(goField.Type)
	return f, err
}

// typeName returns "*T" for a pointer, "[]T" for a list, "map T" for a map with texts as keys, and T otherwise.
func (t *table) typeName(goType reflect.Type) (string, error) {
	if special, isSpecial := specialTypes[goType]; isSpecial {
		return special, nil
	}
	shape := ""
	element := goType
	switch goType.Kind() {
	case reflect.Pointer:
		shape, element = "*", goType.Elem()
	case reflect.Slice:
		if goType.Elem().Kind() == reflect.Uint8 {
			return "bytes", nil
		}
		if reflect.PointerTo(goType).Implements(unmarshaler) && goType.Elem().Kind() == reflect.String {
			return "texts", nil // a list with a message of its own around it, such as ExtraValue
		}
		shape, element = "[]", goType.Elem()
	case reflect.Map:
		if goType.Key().Kind() != reflect.String {
			return "", fmt.Errorf("there is no rule for %s", goType)
		}
		shape, element = "map:", goType.Elem()
	}
	if shape != "" {
		name, err := t.typeName(element)
		if err == nil && strings.ContainsAny(name, "*[:") {
			err = fmt.Errorf("there is no rule for %s", goType)
		}
		return shape + name, err
	}
	switch goType.Kind() {
	case reflect.Bool, reflect.String, reflect.Int32, reflect.Int64:
		return goType.Kind().String(), nil
	case reflect.Struct:
		return t.add(goType)
	}
	return "", fmt.Errorf("there is no rule for %s", goType)
}
