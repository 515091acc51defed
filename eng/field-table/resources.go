package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// resourceLine is a line of the file with the names of the resources. No package contains short names.
type resourceLine struct {
	plural, group, kind, scope, shortNames, prefix string
}

// The resources whose bytes are JSON: their messages are not in the table.
var storedAsJSON = map[string]bool{"CustomResourceDefinition": true, "APIService": true}

// The resources that a server computes when they are read.
var notStored = map[string]bool{"ComponentStatus": true}

// The old group of resources that are stored as those of other groups.
const cohabiting = "extensions"

func readResources(path string) ([]resourceLine, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var resources []resourceLine
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) != 5 && len(words) != 6 {
			return nil, fmt.Errorf("%s: %q has not five or six words", path, line)
		}
		r := resourceLine{words[0], undash(words[1]), words[2], words[3], undash(words[4]), words[0]}
		if len(words) == 6 {
			r.prefix = words[5]
		}
		resources = append(resources, r)
	}
	return resources, nil
}

func undash(word string) string {
	if word == "-" {
		return ""
	}
	return word
}

var typeLine = regexp.MustCompile(`^type (\w+) struct`)

// compareWithClients requires that each kind with a client that can create and read it has a line, with the scope and
// the plural of that client.
func (t *table) compareWithClients(sources string, resources []resourceLine) error {
	byKind := map[string]resourceLine{}
	for _, r := range resources {
		byKind[r.group+"/"+r.kind] = r
	}
	used := map[string]bool{}
	tags := map[string]string{} // "package.Kind" → the tags of its client
	for _, k := range t.kinds {
		if tags[k.goPackage] == "" {
			tags[k.goPackage] = "read"
			if err := readClientTags(filepath.Join(sources, k.goPackage, "types.go"), k.goPackage, tags); err != nil {
				return err
			}
		}
		r, listed := byKind[k.group+"/"+k.kind]
		used[k.group+"/"+k.kind] = true
		client := tags[k.goPackage+"."+k.kind]
		isStored := strings.Contains(client, "+genclient\n") && !strings.Contains(client, "onlyVerbs=create") &&
			!strings.Contains(client, "noVerbs") && !notStored[k.kind] && k.group != cohabiting
		if !listed && isStored {
			return fmt.Errorf("%s %s has a client and no line among the resources", k.groupVersion, k.kind)
		}
		if !listed || client == "" {
			continue
		}
		scope := "namespaced"
		if strings.Contains(client, "nonNamespaced") {
			scope = "cluster"
		}
		if r.scope != scope {
			return fmt.Errorf("%s %s: the scope is %s for its client", k.groupVersion, k.kind, scope)
		}
	}
	for name, r := range byKind {
		if !used[name] && !storedAsJSON[r.kind] {
			return fmt.Errorf("%s: no type is registered for it", name)
		}
	}
	return nil
}

// readClientTags reads the comments before each type, from which Kubernetes generates its clients.
func readClientTags(path, goPackage string, tags map[string]string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	comments := ""
	for line := range strings.Lines(string(text)) {
		if match := typeLine.FindStringSubmatch(line); match != nil {
			tags[goPackage+"."+match[1]] = comments
			comments = ""
		} else if comment, isComment := strings.CutPrefix(line, "//"); isComment {
			comments += strings.TrimPrefix(comment, " ")
		} else if strings.TrimSpace(line) != "" {
			comments = ""
		}
	}
	return nil
}
