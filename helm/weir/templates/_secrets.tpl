{{- define "weir.tokenSecret" -}}
{{ default (printf "%s-tokens" (include "weir.fullname" .)) .Values.tokens.existingSecret }}
{{- end }}

{{/* A value of a Secret of ours that is in the cluster already, or a new one: (list $ secret key). */}}
{{- define "weir.kept" -}}
{{- $ := index . 0 }}
{{- $there := lookup "v1" "Secret" $.Release.Namespace (index . 1) }}
{{- with get (default dict (default dict $there).data) (index . 2) }}
{{- b64dec . }}
{{- else }}
{{- randAlphaNum 40 }}
{{- end }}
{{- end }}
