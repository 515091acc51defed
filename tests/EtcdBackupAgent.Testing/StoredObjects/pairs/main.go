// Command object-pairs writes stored bytes beside what Kubernetes' own libraries make of them, one JSON document a line.
//
//	object-pairs fill SEED COUNT      objects of every kind of k8s.io/api, COUNT of each, filled at random
//	object-pairs definitions SEED COUNT
//	                                  CustomResourceDefinitions as a kube-apiserver stores and serves them
//	object-pairs customs SEED COUNT   custom resources as they are stored, with their definition, and as they are served
//	object-pairs numbers SEED COUNT   numbers, as Go prints them
//	object-pairs encrypt CONFIG COUNT values that an API server with this EncryptionConfiguration stores
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "object-pairs:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 3 {
		return fmt.Errorf("usage: object-pairs fill|definitions|customs|numbers SEED COUNT, or object-pairs encrypt CONFIG COUNT")
	}
	count, err := strconv.Atoi(arguments[2])
	if err != nil {
		return err
	}
	text := bufio.NewWriterSize(os.Stdout, 1<<20)
	lines := json.NewEncoder(text)
	switch arguments[0] {
	case "fill", "definitions", "customs", "numbers":
		seed, err := strconv.ParseInt(arguments[1], 10, 64)
		if err != nil {
			return err
		}
		write := map[string]func(*json.Encoder, int64, int) error{
			"fill": fill, "definitions": definitions, "customs": customs, "numbers": numbers}
		if err := write[arguments[0]](lines, seed, count); err != nil {
			return err
		}
	case "encrypt":
		if err := encrypt(lines, arguments[1], count); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%q is unknown", arguments[0])
	}
	return text.Flush()
}
