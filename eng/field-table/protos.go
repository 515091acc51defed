package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	messageLine = regexp.MustCompile(`^message (\w+) \{`)
	fieldLine   = regexp.MustCompile(`^  (optional|repeated|map<string, ([\w.]+)>) ?(\S*) (\w+) = (\d+);`)
)

// compareWithProtos requires that each message has the fields of its generated.proto, and no others.
func (t *table) compareWithProtos(sources string) error {
	protos := map[string]map[int]string{} // message → number → "name shape type"
	for _, m := range t.messages {
		dot := strings.LastIndex(m.name, ".")
		folder, name := strings.ReplaceAll(m.name[:dot], ".", "/"), m.name[dot+1:]
		// k8s.io is the first part of the path, with a dot.
		folder = strings.Replace(folder, "k8s/io", "k8s.io", 1)
		if protos[m.name] == nil {
			if err := readProto(filepath.Join(sources, folder, "generated.proto"), m.name[:dot], protos); err != nil {
				return err
			}
		}
		declared := protos[m.name]
		if declared == nil {
			return fmt.Errorf("%s: generated.proto has no message %s", m.name, name)
		}
		if len(declared) != len(m.fields) {
			return fmt.Errorf("%s: %d fields, and %d in generated.proto", m.name, len(m.fields), len(declared))
		}
		for _, f := range m.fields {
			if declared[f.number] != f.wireName+" "+protoType(f.typeName) {
				return fmt.Errorf("%s: field %d is %q, and %q in generated.proto", m.name, f.number, f.wireName+" "+protoType(f.typeName), declared[f.number])
			}
		}
	}
	return nil
}

// readProto adds the messages of a file.
func readProto(path, pkg string, protos map[string]map[int]string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var fields map[int]string
	for line := range strings.Lines(string(text)) {
		if match := messageLine.FindStringSubmatch(line); match != nil {
			fields = map[int]string{}
			protos[pkg+"."+match[1]] = fields
			continue
		}
		match := fieldLine.FindStringSubmatch(line)
		if match == nil || fields == nil {
			continue
		}
		shape, declared := "", match[3]
		if match[1] == "repeated" {
			shape = "[]"
		} else if match[2] != "" {
			shape, declared = "map:", match[2]
		}
		var number int
		if _, err := fmt.Sscan(match[5], &number); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fields[number] = match[4] + " " + shape + protoType(qualified(declared, pkg))
	}
	return nil
}

func qualified(declared, pkg string) string {
	switch declared {
	case "bool", "string", "bytes", "int32", "int64":
		return declared
	}
	if declared = strings.TrimPrefix(declared, "."); strings.Contains(declared, ".") {
		return declared
	}
	return pkg + "." + declared
}

// protoType returns what a type of the table and the type in the .proto file have in common: pointers are not in the
// file, and the messages that print themselves are not in the table.
func protoType(name string) string {
	name = strings.TrimPrefix(name, "*")
	shape := ""
	for _, prefix := range []string{"[]", "map:"} {
		if strings.HasPrefix(name, prefix) {
			shape, name = prefix, name[len(prefix):]
		}
	}
	switch name {
	case "k8s.io.apimachinery.pkg.apis.meta.v1.Time":
		name = "time"
	case "k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime":
		name = "microTime"
	case "k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1", "k8s.io.apimachinery.pkg.runtime.RawExtension":
		name = "json"
	case "k8s.io.apimachinery.pkg.api.resource.Quantity":
		name = "quantity"
	case "k8s.io.apimachinery.pkg.util.intstr.IntOrString":
		name = "intOrString"
	}
	if strings.HasSuffix(name, ".ExtraValue") {
		name = "texts"
	}
	return shape + name
}
