package main

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/names"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// A resource at its main path.
type resourceREST struct {
	*registry.Store
	shortNames []string
}

func (r *resourceREST) ShortNames() []string { return r.shortNames }

// A resource's status at PATH/status: reads all, writes only the status.
type statusREST struct{ store *registry.Store }

func (r *statusREST) New() runtime.Object { return r.store.New() }
func (r *statusREST) Destroy()            {}

func (r *statusREST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return r.store.Get(ctx, name, options)
}

func (r *statusREST) Update(ctx context.Context, name string, object rest.UpdatedObjectInfo,
	create rest.ValidateObjectFunc, update rest.ValidateObjectUpdateFunc, _ bool, options *metav1.UpdateOptions,
) (runtime.Object, bool, error) {
	return r.store.Update(ctx, name, object, create, update, false, options)
}

func (r *statusREST) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return r.store.GetResetFields()
}

func (r *statusREST) ConvertToTable(ctx context.Context, object, options runtime.Object) (*metav1.Table, error) {
	return r.store.ConvertToTable(ctx, object, options)
}

func newStore(version schema.GroupVersion, r resource, getter generic.RESTOptionsGetter) (*registry.Store, error) {
	make := func(like runtime.Object) func() runtime.Object {
		return func() runtime.Object { return reflect.New(reflect.TypeOf(like).Elem()).Interface().(runtime.Object) }
	}
	rules := strategy{builtinScheme, names.SimpleNameGenerator, r, version}
	qualified := schema.GroupResource{Group: version.Group, Resource: r.plural}
	store := &registry.Store{
		NewFunc:                   make(r.object),
		NewListFunc:               make(r.list),
		DefaultQualifiedResource:  qualified,
		SingularQualifiedResource: schema.GroupResource{Group: version.Group, Resource: strings.ToLower(r.kind)},
		CreateStrategy:            rules,
		UpdateStrategy:            rules,
		DeleteStrategy:            rules,
		ResetFieldsStrategy:       rules,
		TableConvertor:            rest.NewDefaultTableConvertor(qualified),
		PredicateFunc:             rules.predicate,
		Decorator:                 showTerminating,
	}
	return store, store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: getter, AttrFunc: rules.attributes})
}

func newStatusREST(version schema.GroupVersion, main *registry.Store) *statusREST {
	store := *main
	rules := statusStrategy{main.UpdateStrategy.(strategy)}
	store.UpdateStrategy = rules
	store.ResetFieldsStrategy = rules
	return &statusREST{&store}
}

// What a namespace controller would write once a namespace is deleted; admission goes by it.
func showTerminating(object runtime.Object) {
	switch o := object.(type) {
	case *corev1.Namespace:
		if o.DeletionTimestamp != nil {
			o.Status.Phase = corev1.NamespaceTerminating
		}
	case *corev1.NamespaceList:
		for i := range o.Items {
			showTerminating(&o.Items[i])
		}
	}
}

// How objects of any built-in resource are created, updated and deleted.
type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	resource resource
	version  schema.GroupVersion
}

func (s strategy) NamespaceScoped() bool { return !s.resource.clusterScoped }
func (s strategy) AllowCreateOnUpdate() bool {
	return s.resource.plural == "leases" || s.resource.plural == "events"
}
func (s strategy) AllowUnconditionalUpdate() bool { return s.resource.plural != "leases" }
func (s strategy) Canonicalize(runtime.Object)    {}

func (s strategy) PrepareForCreate(_ context.Context, object runtime.Object) {
	if s.resource.hasStatus {
		status(object).SetZero()
	}
	if fill, ok := created[s.resource.plural]; ok {
		fill(object)
	}
	encodeStringData(object)
}

func (s strategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	if s.resource.hasStatus {
		status(object).Set(status(old))
	}
	encodeStringData(object)
}

func (s strategy) Validate(context.Context, runtime.Object) field.ErrorList { return nil }

func (s strategy) ValidateUpdate(_ context.Context, object, old runtime.Object) field.ErrorList {
	return nil
}

func (s strategy) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }

func (s strategy) WarningsOnUpdate(_ context.Context, object, old runtime.Object) []string {
	return nil
}

func (s strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	if !s.resource.hasStatus {
		return nil
	}
	return s.reset("status")
}

func (s strategy) reset(name string) map[fieldpath.APIVersion]*fieldpath.Set {
	return map[fieldpath.APIVersion]*fieldpath.Set{
		fieldpath.APIVersion(s.version.String()): fieldpath.NewSet(fieldpath.MakePathOrDie(name)),
	}
}

func (s strategy) predicate(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
	return storage.SelectionPredicate{Label: label, Field: field, GetAttrs: s.attributes}
}

// What selectors see of an object.
func (s strategy) attributes(object runtime.Object) (labels.Set, fields.Set, error) {
	metadata, err := meta.Accessor(object)
	if err != nil {
		return nil, nil, err
	}
	seen := fields.Set{"metadata.name": metadata.GetName()}
	if s.NamespaceScoped() {
		seen["metadata.namespace"] = metadata.GetNamespace()
	}
	if len(selectable[s.resource.plural]) > 0 {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return nil, nil, err
		}
		for _, path := range selectable[s.resource.plural] {
			value, _, _ := unstructured.NestedFieldNoCopy(content, strings.Split(path, ".")...)
			if value == nil {
				value = ""
			}
			seen[path] = fmt.Sprint(value)
		}
	}
	return maps.Clone(metadata.GetLabels()), seen, nil
}

// The same at PATH/status.
type statusStrategy struct{ strategy }

// Takes the new status, and nothing else but what the server keeps itself.
func (s statusStrategy) PrepareForUpdate(_ context.Context, object, old runtime.Object) {
	next, _ := meta.Accessor(object)
	version, managed := next.GetResourceVersion(), next.GetManagedFields()
	wanted := reflect.ValueOf(status(object).Interface())
	reflect.ValueOf(object).Elem().Set(reflect.ValueOf(old.DeepCopyObject()).Elem())
	status(object).Set(wanted)
	next.SetResourceVersion(version)
	next.SetManagedFields(managed)
}

func (s statusStrategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return s.reset("spec")
}

func status(object runtime.Object) reflect.Value {
	return reflect.ValueOf(object).Elem().FieldByName("Status")
}

// Secrets may be written in clear text; they are stored and shown as data.
func encodeStringData(object runtime.Object) {
	secret, ok := object.(*corev1.Secret)
	if !ok || len(secret.StringData) == 0 {
		return
	}
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	for key, value := range secret.StringData {
		secret.Data[key] = []byte(value)
	}
	secret.StringData = nil
}
