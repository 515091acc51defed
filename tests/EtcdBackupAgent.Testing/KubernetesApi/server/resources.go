package main

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
)

// One built-in resource.
type resource struct {
	plural, singular string
	shortNames       []string
	clusterScoped    bool
	hasStatus        bool
	object, list     runtime.Object
	// Paths that a field selector may name, beside metadata.name and metadata.namespace.
	selectable []string
	// What the server itself writes into a new object; may be nil.
	created func(runtime.Object)
}

var resources = map[schema.GroupVersion][]resource{
	corev1.SchemeGroupVersion: {
		{plural: "namespaces", singular: "namespace", shortNames: []string{"ns"}, clusterScoped: true, hasStatus: true,
			object: &corev1.Namespace{}, list: &corev1.NamespaceList{}, selectable: []string{"status.phase"},
			created: func(o runtime.Object) {
				namespace := o.(*corev1.Namespace)
				// A cluster has it in spec.finalizers; here it keeps the namespace Terminating all the same.
				namespace.Finalizers = append(namespace.Finalizers, "kubernetes.io/namespace")
				namespace.Status.Phase = corev1.NamespaceActive
			}},
		{plural: "secrets", singular: "secret", object: &corev1.Secret{}, list: &corev1.SecretList{},
			selectable: []string{"type"},
			created: func(o runtime.Object) {
				if secret := o.(*corev1.Secret); secret.Type == "" {
					secret.Type = corev1.SecretTypeOpaque
				}
			}},
		{plural: "configmaps", singular: "configmap", shortNames: []string{"cm"},
			object: &corev1.ConfigMap{}, list: &corev1.ConfigMapList{}},
		{plural: "events", singular: "event", shortNames: []string{"ev"},
			object: &corev1.Event{}, list: &corev1.EventList{},
			selectable: []string{"involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
				"involvedObject.uid", "involvedObject.apiVersion", "involvedObject.fieldPath", "reason", "type"}},
		{plural: "persistentvolumeclaims", singular: "persistentvolumeclaim", shortNames: []string{"pvc"}, hasStatus: true,
			object: &corev1.PersistentVolumeClaim{}, list: &corev1.PersistentVolumeClaimList{},
			created: func(o runtime.Object) { o.(*corev1.PersistentVolumeClaim).Status.Phase = corev1.ClaimPending }},
		{plural: "pods", singular: "pod", shortNames: []string{"po"}, hasStatus: true,
			object: &corev1.Pod{}, list: &corev1.PodList{}, selectable: []string{"spec.nodeName", "status.phase"},
			created: func(o runtime.Object) { o.(*corev1.Pod).Status.Phase = corev1.PodPending }},
		{plural: "serviceaccounts", singular: "serviceaccount", shortNames: []string{"sa"},
			object: &corev1.ServiceAccount{}, list: &corev1.ServiceAccountList{}},
	},
	appsv1.SchemeGroupVersion: {
		{plural: "deployments", singular: "deployment", shortNames: []string{"deploy"}, hasStatus: true,
			object: &appsv1.Deployment{}, list: &appsv1.DeploymentList{}},
	},
	batchv1.SchemeGroupVersion: {
		{plural: "jobs", singular: "job", hasStatus: true, object: &batchv1.Job{}, list: &batchv1.JobList{}},
		{plural: "cronjobs", singular: "cronjob", shortNames: []string{"cj"}, hasStatus: true,
			object: &batchv1.CronJob{}, list: &batchv1.CronJobList{}},
	},
	coordinationv1.SchemeGroupVersion: {
		{plural: "leases", singular: "lease", object: &coordinationv1.Lease{}, list: &coordinationv1.LeaseList{}},
	},
}

var (
	builtinScheme = runtime.NewScheme()
	builtinCodecs serializer.CodecFactory
)

func init() {
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, coordinationv1.AddToScheme} {
		utilruntime.Must(add(builtinScheme))
	}
	metav1.AddToGroupVersion(builtinScheme, schema.GroupVersion{Version: "v1"})
	for version, served := range resources {
		// Requests go through the group's internal version. k8s.io/api has none, so v1 stands in for it.
		internal := schema.GroupVersion{Group: version.Group, Version: runtime.APIVersionInternal}
		for _, r := range served {
			builtinScheme.AddKnownTypes(internal, r.object, r.list)
			kinds, _, err := builtinScheme.ObjectKinds(r.object)
			utilruntime.Must(err)
			// Which fields can be selected by is the store's affair.
			utilruntime.Must(builtinScheme.AddFieldLabelConversionFunc(version.WithKind(kinds[0].Kind),
				func(label, value string) (string, string, error) { return label, value, nil }))
		}
	}
	builtinCodecs = serializer.NewCodecFactory(builtinScheme)
}

// Serves the table's resources on the CRD server's own paths: there is no kube-aggregator in front of it.
func installResources(server *genericapiserver.GenericAPIServer, etcd genericoptions.EtcdOptions) error {
	for version, served := range resources {
		etcd.StorageConfig.Codec = builtinCodecs.LegacyCodec(version)
		getter := etcd.CreateRESTOptionsGetter(&genericoptions.SimpleStorageFactory{StorageConfig: etcd.StorageConfig}, nil)
		storage := map[string]rest.Storage{}
		for _, r := range served {
			store, err := newStore(version, r, getter)
			if err != nil {
				return err
			}
			storage[r.plural] = &resourceREST{store, r.shortNames}
			if r.hasStatus {
				storage[r.plural+"/status"] = newStatusREST(version, store)
			}
		}

		info := genericapiserver.NewDefaultAPIGroupInfo(version.Group, builtinScheme, metav1.ParameterCodec, builtinCodecs)
		info.PrioritizedVersions = []schema.GroupVersion{version}
		info.VersionedResourcesStorageMap[version.Version] = storage
		install := server.InstallAPIGroup
		if version.Group == "" {
			install = func(i *genericapiserver.APIGroupInfo) error {
				return server.InstallLegacyAPIGroup(genericapiserver.DefaultLegacyAPIPrefix, i)
			}
		}
		if err := install(&info); err != nil {
			return err
		}
	}
	return nil
}
