package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	crdserver "k8s.io/apiextensions-apiserver/pkg/apiserver"
	crdinformers "k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Serves GET /apis, which in a cluster kube-aggregator does: the aggregated form is at hand, the old list of groups is not.
func serveGroupList(server *genericapiserver.GenericAPIServer, informers crdinformers.SharedInformerFactory) {
	crds := informers.Apiextensions().V1().CustomResourceDefinitions().Lister()
	list := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		versions := map[string][]string{apiextensionsv1.GroupName: {"v1"}}
		for version := range resources {
			if version.Group != "" {
				versions[version.Group] = []string{version.Version}
			}
		}
		defined, err := crds.List(labels.Everything())
		if err != nil {
			responsewriters.ErrorNegotiated(err, crdserver.Codecs, schema.GroupVersion{}, w, r)
			return
		}
		for _, crd := range defined {
			for _, version := range crd.Spec.Versions {
				if version.Served && !slices.Contains(versions[crd.Spec.Group], version.Name) {
					versions[crd.Spec.Group] = append(versions[crd.Spec.Group], version.Name)
				}
			}
		}

		var groups metav1.APIGroupList
		for name, names := range versions {
			group := metav1.APIGroup{Name: name}
			for _, version := range names {
				group.Versions = append(group.Versions,
					metav1.GroupVersionForDiscovery{GroupVersion: name + "/" + version, Version: version})
			}
			group.PreferredVersion = group.Versions[0]
			groups.Groups = append(groups.Groups, group)
		}
		slices.SortFunc(groups.Groups, func(a, b metav1.APIGroup) int { return strings.Compare(a.Name, b.Name) })
		responsewriters.WriteObjectNegotiated(
			crdserver.Codecs, negotiation.DefaultEndpointRestrictions, schema.GroupVersion{}, w, r, http.StatusOK, &groups, false)
	})
	both := aggregated.WrapAggregatedDiscoveryToHandler(
		list, server.AggregatedDiscoveryGroupManager, server.AggregatedDiscoveryGroupManager)
	server.Handler.GoRestfulContainer.Add(both.GenerateWebService("/apis", metav1.APIGroupList{}))
}

// Makes the namespaces that every cluster has.
func createNamespaces(hook genericapiserver.PostStartHookContext, client kubernetes.Interface) error {
	return wait.PollUntilContextCancel(hook, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		for _, name := range systemNamespaces {
			namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
			_, err := client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
			if err != nil && !apierrors.IsAlreadyExists(err) {
				// Not ready for requests yet.
				return false, nil
			}
		}
		return true, nil
	})
}
