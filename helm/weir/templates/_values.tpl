{{/* Fills in what values lack. An upgrade with --reuse-values brings the values of the chart that it comes from, without
those that are new here. defaults.yaml is values.yaml without its comments. */}}
{{- define "weir.values" -}}
{{- include "weir.fill" (list .Values (.Files.Get "defaults.yaml" | fromYaml)) }}
{{- end }}

{{/* Maps whose keys are the user's stay as they are: null takes a key out of them. */}}
{{- define "weir.fill" -}}
{{- $values := index . 0 }}
{{- range $key, $default := index . 1 }}
{{- if not (hasKey $values $key) }}
{{- if ne $key "resources" }}{{ $_ := set $values $key $default }}{{ end }}
{{- else if and (kindIs "map" $default) (kindIs "map" (get $values $key)) (not (has $key (list "resources" "labels" "podSecurityContext" "containerSecurityContext"))) }}
{{- include "weir.fill" (list (get $values $key) $default) }}
{{- end }}
{{- end }}
{{- end }}
