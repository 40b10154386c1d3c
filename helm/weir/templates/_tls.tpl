{{/* The Secret of a TLS port, where there is one: (list $ part). cert-manager fills the one that the chart names. */}}
{{- define "weir.tlsSecret" -}}
{{- $ := index . 0 }}{{ $part := index . 1 }}{{ $values := get $.Values.tls $part -}}
{{- if $values.secretName }}
{{- $values.secretName }}
{{- else if $values.issuer.name }}
{{- printf "%s-%s-tls" (include "weir.fullname" $) $part }}
{{- end }}
{{- end }}

{{/* Fails where node.options names a TLS port, and nothing gives it a certificate. */}}
{{- define "weir.checkTls" -}}
{{- $ := . }}
{{- $has := or (include "weir.tlsSecret" (list $ "ingest")) (include "weir.isTold" (list $.Values.node "NODE" "tls-cert")) }}
{{- $hasOfAdmin := or $has (include "weir.tlsSecret" (list $ "admin")) (include "weir.isTold" (list $.Values.node "NODE" "admin-tls-cert")) }}
{{- range $option := list "listen-tls" "syslog-listen-tls" "gelf-listen-tls" "forward-listen-tls" "admin-listen-tls" }}
{{- $part := ternary "admin" "ingest" (eq $option "admin-listen-tls") }}
{{- if and (hasKey $.Values.node.options $option) (not (ternary $hasOfAdmin $has (eq $part "admin"))) }}
{{- fail (printf "node.options.%s needs a certificate: set tls.%s.secretName or tls.%s.issuer.name" $option $part $part) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The options of a node that name its certificates. */}}
{{- define "weir.tlsOptions" -}}
{{- include "weir.checkTls" . }}
{{- $ := . }}
{{- $tls := .Values.tls }}
{{- if include "weir.tlsSecret" (list $ "ingest") }}
- --listen-tls=:8443
- --tls-cert=/etc/weir/tls/ingest/tls.crt
- --tls-key=/etc/weir/tls/ingest/tls.key
{{- if $tls.ingest.clientCASecret }}
- --tls-client-ca=/etc/weir/tls/ingest-clients/ca.crt
- --tls-client-verify={{ $tls.ingest.clientVerify }}
{{- end }}
{{- end }}
{{- if include "weir.tlsSecret" (list $ "admin") }}
- --admin-listen-tls=:8444
- --admin-tls-cert=/etc/weir/tls/admin/tls.crt
- --admin-tls-key=/etc/weir/tls/admin/tls.key
{{- if $tls.admin.clientCASecret }}
- --admin-tls-client-ca=/etc/weir/tls/admin-clients/ca.crt
- --admin-tls-client-verify={{ $tls.admin.clientVerify }}
{{- end }}
{{- end }}
{{- if $tls.deliver.caSecret }}
- --deliver-ca=/etc/weir/tls/deliver-ca/ca.crt
{{- end }}
{{- if $tls.deliver.secretName }}
- --deliver-cert=/etc/weir/tls/deliver/tls.crt
- --deliver-key=/etc/weir/tls/deliver/tls.key
{{- end }}
{{- end }}

{{/* Folder below /etc/weir/tls -> Secret, as JSON. */}}
{{- define "weir.tlsFolders" -}}
{{- $tls := .Values.tls }}
{{- $folders := dict "ingest" (include "weir.tlsSecret" (list . "ingest")) "admin" (include "weir.tlsSecret" (list . "admin")) "deliver" $tls.deliver.secretName "deliver-ca" $tls.deliver.caSecret }}
{{- if get $folders "ingest" }}{{ $_ := set $folders "ingest-clients" $tls.ingest.clientCASecret }}{{ end }}
{{- if get $folders "admin" }}{{ $_ := set $folders "admin-clients" $tls.admin.clientCASecret }}{{ end }}
{{- toJson $folders }}
{{- end }}

{{- define "weir.tlsMounts" -}}
{{- range $folder, $secret := include "weir.tlsFolders" . | fromJson }}
{{- if $secret }}
- name: tls-{{ $folder }}
  mountPath: /etc/weir/tls/{{ $folder }}
  readOnly: true
{{- end }}
{{- end }}
{{- end }}

{{- define "weir.tlsVolumes" -}}
{{- range $folder, $secret := include "weir.tlsFolders" . | fromJson }}
{{- if $secret }}
- name: tls-{{ $folder }}
  secret:
    secretName: {{ $secret }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- end }}
