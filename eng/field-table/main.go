// Command field-table writes the table by which the agent decodes Kubernetes objects out of etcd: which fields a message
// has, with their numbers, names and types, and which kinds and resources there are. Its format is in
// docs/spec/objects.md.
//
// The fields are those of the Go types that Kubernetes' own serializer fills: they alone say whether a field that is
// absent is printed. Every message is compared with its generated.proto as well, and a difference is an error.
package main

import (
	"bufio"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
)

func main() {
	sources := flag.String("sources", "", "the folder that contains k8s.io/api and k8s.io/apimachinery")
	resources := flag.String("resources", "", "the file with the names of the resources")
	version := flag.String("version", "", "the version of the libraries, for the table's first line")
	output := flag.String("output", "", "the table; .gz compresses it; standard output if empty")
	flag.Parse()
	if err := run(*sources, *resources, *version, *output); err != nil {
		fmt.Fprintln(os.Stderr, "field-table:", err)
		os.Exit(1)
	}
}

// 1. Read the Go types. 2. Compare them with the .proto files. 3. Compare the resources with the kinds. 4. Write.
func run(sources, resourceFile, version, output string) error {
	table, err := readTypes()
	if err != nil {
		return err
	}
	if err := table.compareWithProtos(sources); err != nil {
		return err
	}
	resources, err := readResources(resourceFile)
	if err != nil {
		return err
	}
	if err := table.compareWithClients(sources, resources); err != nil {
		return err
	}

	file := os.Stdout
	if output != "" {
		if file, err = os.Create(output); err != nil {
			return err
		}
		defer file.Close()
	}
	if len(output) < 3 || output[len(output)-3:] != ".gz" {
		text := bufio.NewWriter(file)
		table.write(text, version, resources)
		return text.Flush()
	}
	packed, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	text := bufio.NewWriter(packed)
	table.write(text, version, resources)
	if err := text.Flush(); err != nil {
		return err
	}
	return packed.Close()
}

func (t *table) write(text *bufio.Writer, version string, resources []resourceLine) {
	fmt.Fprintf(text, "field-table 1 kubernetes %s\n", version)
	for _, r := range resources {
		fmt.Fprintf(text, "resource %s %s %s %s %s %s\n", r.plural, dash(r.group), r.kind, r.scope, dash(r.shortNames), r.prefix)
	}
	for _, k := range t.kinds {
		fmt.Fprintf(text, "kind %s %s %s\n", k.groupVersion, k.kind, k.message)
	}
	for _, m := range t.messages {
		fmt.Fprintf(text, "message %s\n", m.name)
		for _, f := range m.fields {
			fmt.Fprintf(text, "%d %s %s%s\n", f.number, dash(f.name), f.typeName, f.flags)
		}
	}
}

func dash(word string) string {
	if word == "" {
		return "-"
	}
	return word
}
