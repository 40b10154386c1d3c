{{/* Fills in what values lack. An upgrade with --reuse-values brings the values of the chart that it comes from, without
those that are new here. defaults.yaml is values.yaml without its comments. */}}
{{- define "weir.values" -}}
{{- include "weir.fill" (list .Values (.Files.Get "defaults.yaml" | fromYaml)) }}
{{- end }}

{{/* Whether a program is told an option by values, or may be by a variable: (list values PROGRAM option). What envFrom
brings is not seen here. */}}
{{- define "weir.isTold" -}}
{{- $values := index . 0 }}{{ $option := index . 2 }}
{{- $name := $option | upper | replace "-" "_" }}
{{- $told := or (hasKey $values.options $option) (not (empty $values.envFrom)) }}
{{- range $values.extraEnv }}
{{- if regexMatch (printf "^WEIR_(%s_)?%s(_FILE)?$" (index $ 1) $name) .name }}{{ $told = true }}{{ end }}
{{- end }}
{{- if $told }}true{{ end }}
{{- end }}

{{/* Maps whose keys are the user's stay as they are: null takes a key out of them. */}}
{{- define "weir.fill" -}}
{{- $values := index . 0 }}
{{- range $key, $default := index . 1 }}
{{- if not (hasKey $values $key) }}
{{- if not (has $key (list "resources" "sidecarResources")) }}{{ $_ := set $values $key $default }}{{ end }}
{{- else if and (kindIs "map" $default) (kindIs "map" (get $values $key)) (not (has $key (list "resources" "sidecarResources" "labels" "podSecurityContext" "containerSecurityContext" "serverSecurityContext"))) }}
{{- include "weir.fill" (list (get $values $key) $default) }}
{{- end }}
{{- end }}
{{- end }}
