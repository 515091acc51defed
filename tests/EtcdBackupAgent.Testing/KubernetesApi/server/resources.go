package main

import (
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	allkinds "k8s.io/client-go/kubernetes/scheme"
)

// One built-in resource.
type resource struct {
	plural, kind  string
	shortNames    []string
	clusterScoped bool
	// From the type of the kind.
	object, list runtime.Object
	hasStatus    bool
}

// What a server of Kubernetes 1.36 serves and stores by default. events.k8s.io is left out: it is another form of events.
var resources = map[schema.GroupVersion][]resource{
	{Group: "", Version: "v1"}: {
		{plural: "configmaps", kind: "ConfigMap", shortNames: []string{"cm"}},
		{plural: "endpoints", kind: "Endpoints", shortNames: []string{"ep"}},
		{plural: "events", kind: "Event", shortNames: []string{"ev"}},
		{plural: "limitranges", kind: "LimitRange", shortNames: []string{"limits"}},
		{plural: "namespaces", kind: "Namespace", shortNames: []string{"ns"}, clusterScoped: true},
		{plural: "nodes", kind: "Node", shortNames: []string{"no"}, clusterScoped: true},
		{plural: "persistentvolumeclaims", kind: "PersistentVolumeClaim", shortNames: []string{"pvc"}},
		{plural: "persistentvolumes", kind: "PersistentVolume", shortNames: []string{"pv"}, clusterScoped: true},
		{plural: "pods", kind: "Pod", shortNames: []string{"po"}},
		{plural: "podtemplates", kind: "PodTemplate"},
		{plural: "replicationcontrollers", kind: "ReplicationController", shortNames: []string{"rc"}},
		{plural: "resourcequotas", kind: "ResourceQuota", shortNames: []string{"quota"}},
		{plural: "secrets", kind: "Secret"},
		{plural: "serviceaccounts", kind: "ServiceAccount", shortNames: []string{"sa"}},
		{plural: "services", kind: "Service", shortNames: []string{"svc"}},
	},
	{Group: "admissionregistration.k8s.io", Version: "v1"}: {
		{plural: "mutatingadmissionpolicies", kind: "MutatingAdmissionPolicy", clusterScoped: true},
		{plural: "mutatingadmissionpolicybindings", kind: "MutatingAdmissionPolicyBinding", clusterScoped: true},
		{plural: "mutatingwebhookconfigurations", kind: "MutatingWebhookConfiguration", clusterScoped: true},
		{plural: "validatingadmissionpolicies", kind: "ValidatingAdmissionPolicy", clusterScoped: true},
		{plural: "validatingadmissionpolicybindings", kind: "ValidatingAdmissionPolicyBinding", clusterScoped: true},
		{plural: "validatingwebhookconfigurations", kind: "ValidatingWebhookConfiguration", clusterScoped: true},
	},
	{Group: "apps", Version: "v1"}: {
		{plural: "controllerrevisions", kind: "ControllerRevision"},
		{plural: "daemonsets", kind: "DaemonSet", shortNames: []string{"ds"}},
		{plural: "deployments", kind: "Deployment", shortNames: []string{"deploy"}},
		{plural: "replicasets", kind: "ReplicaSet", shortNames: []string{"rs"}},
		{plural: "statefulsets", kind: "StatefulSet", shortNames: []string{"sts"}},
	},
	{Group: "autoscaling", Version: "v2"}: {
		{plural: "horizontalpodautoscalers", kind: "HorizontalPodAutoscaler", shortNames: []string{"hpa"}},
	},
	{Group: "batch", Version: "v1"}: {
		{plural: "cronjobs", kind: "CronJob", shortNames: []string{"cj"}},
		{plural: "jobs", kind: "Job"},
	},
	{Group: "certificates.k8s.io", Version: "v1"}: {
		{plural: "certificatesigningrequests", kind: "CertificateSigningRequest", shortNames: []string{"csr"}, clusterScoped: true},
	},
	{Group: "coordination.k8s.io", Version: "v1"}: {
		{plural: "leases", kind: "Lease"},
	},
	{Group: "discovery.k8s.io", Version: "v1"}: {
		{plural: "endpointslices", kind: "EndpointSlice"},
	},
	{Group: "flowcontrol.apiserver.k8s.io", Version: "v1"}: {
		{plural: "flowschemas", kind: "FlowSchema", clusterScoped: true},
		{plural: "prioritylevelconfigurations", kind: "PriorityLevelConfiguration", clusterScoped: true},
	},
	{Group: "networking.k8s.io", Version: "v1"}: {
		{plural: "ingressclasses", kind: "IngressClass", clusterScoped: true},
		{plural: "ingresses", kind: "Ingress", shortNames: []string{"ing"}},
		{plural: "ipaddresses", kind: "IPAddress", shortNames: []string{"ip"}, clusterScoped: true},
		{plural: "networkpolicies", kind: "NetworkPolicy", shortNames: []string{"netpol"}},
		{plural: "servicecidrs", kind: "ServiceCIDR", clusterScoped: true},
	},
	{Group: "node.k8s.io", Version: "v1"}: {
		{plural: "runtimeclasses", kind: "RuntimeClass", clusterScoped: true},
	},
	{Group: "policy", Version: "v1"}: {
		{plural: "poddisruptionbudgets", kind: "PodDisruptionBudget", shortNames: []string{"pdb"}},
	},
	{Group: "rbac.authorization.k8s.io", Version: "v1"}: {
		{plural: "clusterrolebindings", kind: "ClusterRoleBinding", clusterScoped: true},
		{plural: "clusterroles", kind: "ClusterRole", clusterScoped: true},
		{plural: "rolebindings", kind: "RoleBinding"},
		{plural: "roles", kind: "Role"},
	},
	{Group: "resource.k8s.io", Version: "v1"}: {
		{plural: "deviceclasses", kind: "DeviceClass", clusterScoped: true},
		{plural: "resourceclaims", kind: "ResourceClaim"},
		{plural: "resourceclaimtemplates", kind: "ResourceClaimTemplate"},
		{plural: "resourceslices", kind: "ResourceSlice", clusterScoped: true},
	},
	{Group: "scheduling.k8s.io", Version: "v1"}: {
		{plural: "priorityclasses", kind: "PriorityClass", shortNames: []string{"pc"}, clusterScoped: true},
	},
	{Group: "storage.k8s.io", Version: "v1"}: {
		{plural: "csidrivers", kind: "CSIDriver", clusterScoped: true},
		{plural: "csinodes", kind: "CSINode", clusterScoped: true},
		{plural: "csistoragecapacities", kind: "CSIStorageCapacity"},
		{plural: "storageclasses", kind: "StorageClass", shortNames: []string{"sc"}, clusterScoped: true},
		{plural: "volumeattachments", kind: "VolumeAttachment", clusterScoped: true},
		{plural: "volumeattributesclasses", kind: "VolumeAttributesClass", shortNames: []string{"vac"}, clusterScoped: true},
	},
}

// Paths that a field selector may name, beside metadata.name and metadata.namespace.
var selectable = map[string][]string{
	"namespaces": {"status.phase"},
	"secrets":    {"type"},
	"pods":       {"spec.nodeName", "status.phase"},
	"events": {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
		"involvedObject.apiVersion", "involvedObject.fieldPath", "reason", "type"},
}

// What the server itself writes into a new object.
var created = map[string]func(runtime.Object){
	"namespaces": func(o runtime.Object) {
		namespace := o.(*corev1.Namespace)
		// A cluster has it in spec.finalizers; here it keeps the namespace Terminating all the same.
		if !slices.Contains(namespace.Finalizers, "kubernetes.io/namespace") {
			namespace.Finalizers = append(namespace.Finalizers, "kubernetes.io/namespace")
		}
		namespace.Status.Phase = corev1.NamespaceActive
	},
	"secrets": func(o runtime.Object) {
		if secret := o.(*corev1.Secret); secret.Type == "" {
			secret.Type = corev1.SecretTypeOpaque
		}
	},
	"persistentvolumeclaims": func(o runtime.Object) {
		o.(*corev1.PersistentVolumeClaim).Status.Phase = corev1.ClaimPending
	},
	"pods": func(o runtime.Object) { o.(*corev1.Pod).Status.Phase = corev1.PodPending },
	"services": func(o runtime.Object) {
		// Each address once, as a cluster's allocator gives them.
		service := o.(*corev1.Service)
		if service.Spec.ClusterIP == "" && service.Spec.Type != corev1.ServiceTypeExternalName {
			n := serviceAddresses.Add(1)
			service.Spec.ClusterIP = fmt.Sprintf("10.96.%d.%d", n/250, n%250+1)
			service.Spec.ClusterIPs = []string{service.Spec.ClusterIP}
		}
	},
}

var serviceAddresses atomic.Int32

// Prefixes of keys that are not the plural, as in k8s.io/kubernetes (SpecialDefaultResourcePrefixes).
var storagePrefixes = map[string]string{
	"replicationcontrollers": "controllers",
	"endpoints":              "services/endpoints",
	"services":               "services/specs",
	"nodes":                  "minions",
	"ingresses":              "ingress",
}

// Gives each resource the keys that a cluster gives it, without the name of its group.
type clusterKeys struct{ generic.RESTOptionsGetter }

func (k clusterKeys) GetRESTOptions(resource schema.GroupResource, example runtime.Object) (generic.RESTOptions, error) {
	options, err := k.RESTOptionsGetter.GetRESTOptions(resource, example)
	options.ResourcePrefix = resource.Resource
	if prefix, ok := storagePrefixes[resource.Resource]; ok {
		options.ResourcePrefix = prefix
	}
	return options, err
}

var (
	builtinScheme = runtime.NewScheme()
	builtinCodecs serializer.CodecFactory
)

func init() {
	utilruntime.Must(allkinds.AddToScheme(builtinScheme))
	metav1.AddToGroupVersion(builtinScheme, schema.GroupVersion{Version: "v1"})
	for version, served := range resources {
		// Requests go through the group's internal version. k8s.io/api has none, so this version stands in for it.
		internal := schema.GroupVersion{Group: version.Group, Version: runtime.APIVersionInternal}
		for i := range served {
			r := &served[i]
			var err error
			r.object, err = builtinScheme.New(version.WithKind(r.kind))
			utilruntime.Must(err)
			r.list, err = builtinScheme.New(version.WithKind(r.kind + "List"))
			utilruntime.Must(err)
			r.hasStatus = reflect.ValueOf(r.object).Elem().FieldByName("Status").IsValid()
			builtinScheme.AddKnownTypes(internal, r.object, r.list)
			// Which fields can be selected by is the store's affair.
			utilruntime.Must(builtinScheme.AddFieldLabelConversionFunc(version.WithKind(r.kind),
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
			store, err := newStore(version, r, clusterKeys{getter})
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
