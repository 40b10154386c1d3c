{{/* The name that all objects begin with: a name of a Service, so it begins with a letter and has no dot. 40
characters leave room for what Kubernetes appends. A name that had to change ends with a hash of the whole, so that two
releases never have the same. */}}
{{- define "weir.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $whole := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- $fit := replace "." "-" $whole }}
{{- if regexMatch "^[^a-z]" $fit }}{{ $fit = printf "weir-%s" $fit }}{{ end }}
{{- if or (ne $fit $whole) (gt (len $fit) 40) }}
{{- $fit = printf "%s-%s" ($fit | trunc 31 | trimSuffix "-") (sha256sum $whole | trunc 8) }}
{{- end }}
{{- default $fit .Values.fullnameOverride }}
{{- end }}

{{- define "weir.analyzer" -}}
{{ include "weir.fullname" . }}-analyzer
{{- end }}

{{- define "weir.redis" -}}
{{ include "weir.fullname" . }}-redis
{{- end }}

{{- define "weir.admin" -}}
{{ include "weir.fullname" . }}-admin
{{- end }}

{{- define "weir.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "weir.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* An image by its digest or its tag: (list $ image default-tag). The nearest registry that is named holds it. */}}
{{- define "weir.imageOf" -}}
{{- $ := index . 0 }}{{ $image := index . 1 }}
{{- with coalesce $image.registry $.Values.image.registry $.Values.global.imageRegistry }}{{ . }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default (index . 2) $image.tag }}{{ end }}
{{- end }}

{{- define "weir.image" -}}
{{ include "weir.imageOf" (list . .Values.image .Chart.AppVersion) }}
{{- end }}

{{/* What a selector of ours holds: (list $ component). */}}
{{- define "weir.selector" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: {{ default $.Chart.Name $.Values.nameOverride | trunc 63 }}
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "weir.labels" -}}
{{- $ := index . 0 -}}
{{ include "weir.selector" . }}
app.kubernetes.io/part-of: weir
app.kubernetes.io/version: {{ $.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $.Chart.Name $.Chart.Version | replace "+" "_" }}
{{- with $.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The metadata of an object: (list $ component name), or (list $ component name annotations labels). */}}
{{- define "weir.metadata" -}}
{{- $ := index . 0 }}{{ $own := concat . (list dict dict) -}}
name: {{ index . 2 }}
labels:
  {{- include "weir.labels" . | nindent 2 }}
  {{- with index $own 4 }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge dict (index $own 3) $.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* How many pods a workload has while an autoscaler decides: as many as there are now. A manifest without a number
would first set it to one. (list $ kind name) */}}
{{- define "weir.replicasNow" -}}
{{- $ := index . 0 }}
{{- $there := lookup "apps/v1" (index . 1) $.Release.Namespace (index . 2) }}
{{- with dig "spec" "replicas" 0 (default dict $there) }}
replicas: {{ . }}
{{- end }}
{{- end }}

{{/* Families of addresses of a Service. */}}
{{- define "weir.families" -}}
{{- with .Values.service.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .Values.service.ipFamilies }}
ipFamilies: {{ toJson . }}
{{- end }}
{{- end }}
