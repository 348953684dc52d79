// Command k8sval decodes every YAML document of the files given to it, strictly,
// into the types of Kubernetes and of the Prometheus operator: an unknown field,
// a field given twice and an unknown kind are errors. It needs no cluster and
// no network. It is a module of its own to keep these libraries out of the
// exporter's.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run names every document that is valid, and returns what is wrong with the others.
func run(files []string, stdout io.Writer) error {
	if len(files) == 0 {
		return errors.New("usage: k8sval FILE…")
	}
	decoder, err := strict()
	if err != nil {
		return err
	}
	var wrong error
	for _, file := range files {
		wrong = errors.Join(wrong, check(file, decoder, stdout, func(runtime.Object) {}))
	}
	return wrong
}

// strict decodes the types of Kubernetes and of the operator.
func strict() (runtime.Decoder, error) {
	known := scheme.Scheme
	if err := errors.Join(monitoringv1.AddToScheme(known), monitoringv1alpha1.AddToScheme(known)); err != nil {
		return nil, err
	}
	return json.NewSerializerWithOptions(json.DefaultMetaFactory, known, known, json.SerializerOptions{Yaml: true, Strict: true}), nil
}

// check decodes every document of a file. each is called with every object.
func check(file string, decoder runtime.Decoder, stdout io.Writer, each func(runtime.Object)) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var wrong error
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for n := 1; ; n++ {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return wrong
		}
		if err != nil {
			return errors.Join(wrong, fmt.Errorf("%s: document %d: %w", file, n, err))
		}
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		if object, kind, err := decoder.Decode(document, nil, nil); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("%s: document %d: %w", file, n, err))
		} else {
			fmt.Fprintf(stdout, "%s: document %d: %s\n", file, n, kind)
			each(object)
		}
	}
}
