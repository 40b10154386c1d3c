{{- define "weir.tokenSecret" -}}
{{ default (printf "%s-tokens" (include "weir.fullname" .)) .Values.tokens.existingSecret }}
{{- end }}

{{/* The key of that Secret which reading status and metrics takes, or nothing. */}}
{{- define "weir.readToken" -}}
{{- if eq (get .Values.node.options "admin-read" | toString) "token" }}
{{- $told := or (include "weir.isTold" (list .Values.node "NODE" "register-token")) (include "weir.isTold" (list .Values.node "NODE" "admin-token")) }}
{{- if .Values.tokens.register }}register-token
{{- else if .Values.tokens.admin }}admin-token
{{- else if not $told }}
{{- fail "node.options.admin-read=token needs a token to read with: set tokens.register or tokens.admin" }}
{{- end }}
{{- end }}
{{- end }}

{{/* A Secret that the chart makes up: (list $ component name state), with its keys in stringData to follow. A hook makes it
before anything else, and only if it is not there: so it is part of no release, a rollback brings no old one back, and
an upgrade does not touch it. One that an older chart made is part of the release, and stays so with what it holds. */}}
{{- define "weir.madeUp" -}}
{{- $ := index . 0 }}
{{- $annotations := dict "helm.sh/resource-policy" "keep" }}
{{- if ne (index . 3) "ours" }}
{{- $annotations = dict "helm.sh/hook" "pre-install,pre-upgrade" "helm.sh/hook-weight" "-10" "helm.sh/resource-policy" "keep" }}
{{- end -}}
apiVersion: v1
kind: Secret
metadata:
  {{- include "weir.metadata" (list $ (index . 1) (index . 2) $annotations) | nindent 2 }}
type: Opaque
{{- end }}

{{/* Of a Secret in the cluster: (list $ name key ...). "ours": it is part of a release; "there": it has all keys; else
"missing". */}}
{{- define "weir.secretState" -}}
{{- $there := lookup "v1" "Secret" (index . 0).Release.Namespace (index . 1) }}
{{- $state := ternary "there" "missing" (gt (len $there) 0) }}
{{- range slice . 2 }}
{{- if not (hasKey (default dict $there.data) .) }}{{ $state = "missing" }}{{ end }}
{{- end }}
{{- ternary "ours" $state (hasKey (dig "metadata" "annotations" dict (default dict $there)) "meta.helm.sh/release-name") }}
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
