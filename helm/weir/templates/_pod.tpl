{{/* What the pods of all components have alike: (list $ component values). No label has a version: else another
version of the chart alone would start all pods anew, Redis too. */}}
{{- define "weir.podMetadata" -}}
{{- $ := index . 0 }}{{ $values := index . 2 -}}
labels:
  {{- include "weir.selector" . | nindent 2 }}
  app.kubernetes.io/part-of: weir
  {{- with merge dict $values.podLabels $.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "weir.podSpec" -}}
{{- $ := index . 0 }}{{ $component := index . 1 }}{{ $values := index . 2 -}}
serviceAccountName: {{ include "weir.serviceAccount" $ }}
automountServiceAccountToken: false
# else a Service named weir would set WEIR_* variables, which are options of the programs
enableServiceLinks: false
{{- with $values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with concat (default list $.Values.imagePullSecrets) (default list $.Values.global.imagePullSecrets) }}
imagePullSecrets:
  {{- range . }}
  - name: {{ kindIs "map" . | ternary (get (kindIs "map" . | ternary . dict) "name") . }}
  {{- end }}
{{- end }}
{{- if and (ne $component "redis") (hasKey $values "topologySpreadConstraints") (not $values.topologySpreadConstraints) }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "weir.selector" (list $ $component) | nindent 8 }}
  {{- end }}
{{- end }}
{{- range $field := list "topologySpreadConstraints" "nodeSelector" "tolerations" "affinity" "priorityClassName" "hostAliases" "dnsPolicy" "dnsConfig" "initContainers" }}
{{- with get $values $field }}
{{ toYaml (dict $field .) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What the containers of all components have alike, last: values. */}}
{{- define "weir.container" -}}
{{- range $field := list "envFrom" "startupProbe" "resources" }}
{{- with get $ $field }}
{{ toYaml (dict $field .) }}
{{- end }}
{{- end }}
{{- with .containerSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Further options of a program, sorted by name: one argument each. */}}
{{- define "weir.options" -}}
{{- range $name, $value := . }}
- {{ printf "--%s=%v" $name (ternary (int64 $value) $value (and (kindIs "float64" $value) (eq (floor $value) $value))) | quote }}
{{- end }}
{{- end }}

{{/* Fails unless a port is one of its own: (list option port taken). */}}
{{- define "weir.checkPort" -}}
{{- $port := int (index . 1) }}{{ $taken := index . 2 }}
{{- if or (has $port $taken) (lt $port 1) (gt $port 65535) }}
{{- fail (printf "%s: port %d is no port of its own (1 to 65535, none of %s)" (index . 0) $port (join ", " $taken)) }}
{{- end }}
{{- end }}

{{/* Name -> port and protocol of the listeners that node.options names, as JSON: the number behind the last colon. Each has a
port that nobody else has in the pod. */}}
{{- define "weir.listeners" -}}
{{- $ports := dict }}
{{- $taken := list 8080 8081 8443 8444 }}
{{- range $kind := list "syslog" "gelf" "forward" }}
{{- range $suffix := list "" "-tls" }}
{{- $option := printf "%s-listen%s" $kind $suffix }}
{{- with regexFind "[0-9]+$" (get $.Values.node.options $option | toString) }}
{{- $port := int64 . }}
{{- include "weir.checkPort" (list (printf "node.options.%s" $option) $port $taken) }}
{{- $taken = append $taken (int .) }}
{{- range $end := ternary (list "tls") (list "tcp" "udp") (eq $suffix "-tls") }}
{{- $_ := set $ports (printf "%s-%s" $kind $end) (dict "port" $port "protocol" (ternary "UDP" "TCP" (eq $end "udp"))) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- toJson $ports }}
{{- end }}

{{/* Name -> port of the listeners that analyzers.options names, beside that of each analyzer, as JSON. */}}
{{- define "weir.analyzerListeners" -}}
{{- $ports := dict }}
{{- $taken := list 9001 }}
{{- range $option, $name := dict "listen-tls" "analyzer-tls" "grpc-listen" "analyzer-grpc" }}
{{- with regexFind "[0-9]+$" (get $.Values.analyzers.options $option | toString) }}
{{- include "weir.checkPort" (list (printf "analyzers.options.%s" $option) . $taken) }}
{{- $taken = append $taken (int .) }}
{{- $_ := set $ports $name (int .) }}
{{- end }}
{{- end }}
{{- toJson $ports }}
{{- end }}

{{/* Three quarters of the memory limit among resources, in MiB; nothing where there is none. */}}
{{- define "weir.threeQuarters" -}}
{{- with dig "limits" "memory" "" (default dict .) }}
{{- $text := toString . }}
{{- $units := dict "m" 0.001 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "k" 1000.0 "M" 1000000.0 "G" 1000000000.0 "T" 1000000000000.0 "" 1.0 }}
{{- $unit := regexFind "[A-Za-z]*$" $text }}
{{- divf (mulf (trimSuffix $unit $text | float64) (get $units $unit) 0.75) 1048576.0 | floor | int64 }}
{{- end }}
{{- end }}

{{/* Where a token is for a program: (list $ "ingest" ...). */}}
{{- define "weir.tokenEnv" -}}
{{- $ := index . 0 }}
{{- range rest . }}
{{- if get $.Values.tokens . }}
- name: WEIR_{{ upper . }}_TOKEN_FILE
  value: /etc/weir/tokens/{{ . }}-token
{{- end }}
{{- end }}
{{- end }}

{{- define "weir.tokenMount" -}}
- name: tokens
  mountPath: /etc/weir/tokens
  readOnly: true
{{- end }}

{{- define "weir.tokenVolume" -}}
- name: tokens
  secret:
    secretName: {{ include "weir.tokenSecret" . }}
    defaultMode: 0440
{{- end }}
