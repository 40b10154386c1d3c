{{/* Which Redis there is: bundled, or url, secret, host, sentinel for an external one. */}}
{{- define "weir.redisKind" -}}
{{- with .Values.redis.external }}
{{- $given := list }}
{{- if .url }}{{ $given = append $given "url" }}{{ end }}
{{- if .existingSecret }}{{ $given = append $given "existingSecret" }}{{ end }}
{{- if .host }}{{ $given = append $given "host" }}{{ end }}
{{- if .sentinel.hosts }}{{ $given = append $given "sentinel.hosts" }}{{ end }}
{{- if gt (len $given) 1 }}
{{- fail (printf "redis.external: only one of %s can say where Redis is" (join " and " $given)) }}
{{- end }}
{{- if and .tls.clientCertificate (not .tls.existingSecret) }}
{{- fail "redis.external.tls.clientCertificate needs redis.external.tls.existingSecret, which holds tls.crt and tls.key" }}
{{- end }}
{{- if and .sentinel.hosts .sentinel.passwordKey (not .passwordSecret) }}
{{- fail "redis.external.sentinel.passwordKey needs redis.external.passwordSecret, which holds that key" }}
{{- end }}
{{- default "bundled" (first $given) }}
{{- end }}
{{- end }}

{{- define "weir.redisIsBundled" -}}
{{- if eq (include "weir.redisKind" .) "bundled" }}true{{ end }}
{{- end }}

{{/* The Secret that holds the URL in a file, or nothing: then it is put together in the environment. */}}
{{- define "weir.redisSecret" -}}
{{- $kind := include "weir.redisKind" . }}
{{- if eq $kind "bundled" }}{{ default (include "weir.redis" .) .Values.redis.bundled.existingSecret }}
{{- else if eq $kind "existingSecret" }}{{ .Values.redis.external.existingSecret }}
{{- else if eq $kind "url" }}{{ include "weir.redis" . }}
{{- end }}
{{- end }}

{{- define "weir.redisUrl" -}}
{{- with .Values.redis.external }}
{{- $query := list }}
{{- if and .tls.enabled .tls.existingSecret }}{{ $query = append $query "ca=/etc/weir/redis-tls/ca.crt" }}{{ end }}
{{- if and .tls.enabled .tls.clientCertificate }}
{{- $query = concat $query (list "cert=/etc/weir/redis-tls/tls.crt" "key=/etc/weir/redis-tls/tls.key") }}
{{- end }}
{{- if and .sentinel.hosts .sentinel.username }}{{ $query = append $query (printf "sentinel_user=%s" .sentinel.username) }}{{ end }}
{{- if and .sentinel.hosts .sentinel.passwordKey }}{{ $query = append $query "sentinel_password=$(SENTINEL_PASSWORD)" }}{{ end }}
{{- ternary "rediss" "redis" .tls.enabled }}{{ if .sentinel.hosts }}+sentinel{{ end }}://
{{- if or .username .passwordSecret }}{{ .username }}:{{ if .passwordSecret }}$(REDIS_PASSWORD){{ end }}@{{ end }}
{{- if .sentinel.hosts }}{{ join "," .sentinel.hosts }}/{{ .sentinel.master }}{{ else }}{{ .host }}{{ end }}/{{ .database }}
{{- with $query }}?{{ join "&" . }}{{ end }}
{{- end }}
{{- end }}

{{/* The Secret that holds the URL of the spill's own Redis, or nothing. */}}
{{- define "weir.spillSecret" -}}
{{- with .Values.redis.spill }}
{{- if and .url .existingSecret }}{{ fail "redis.spill: only one of url and existingSecret can say where Redis is" }}{{ end }}
{{- if .url }}{{ include "weir.redis" $ }}-spill{{ else }}{{ .existingSecret }}{{ end }}
{{- end }}
{{- end }}

{{- define "weir.redisEnv" -}}
{{- if include "weir.spillSecret" . }}
- name: WEIR_NODE_SPILL_REDIS_FILE
  value: /etc/weir/redis-spill/url
- name: WEIR_CTL_SPILL_REDIS_FILE
  value: /etc/weir/redis-spill/url
{{ end -}}
{{- if include "weir.redisSecret" . -}}
- name: WEIR_REDIS_FILE
  value: /etc/weir/redis/url
{{- else -}}
{{- with .Values.redis.external }}
{{- if .passwordSecret -}}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .passwordSecret }}
      key: {{ .passwordKey }}
{{- if and .sentinel.hosts .sentinel.passwordKey }}
- name: SENTINEL_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .passwordSecret }}
      key: {{ .sentinel.passwordKey }}
{{- end }}
{{ end -}}
{{- end -}}
- name: WEIR_REDIS
  value: {{ include "weir.redisUrl" . | quote }}
{{- end }}
{{- end }}

{{- define "weir.redisMounts" -}}
{{- if include "weir.redisSecret" . }}
- name: redis
  mountPath: /etc/weir/redis
  readOnly: true
{{- end }}
{{- if .Values.redis.external.tls.existingSecret }}
- name: redis-tls
  mountPath: /etc/weir/redis-tls
  readOnly: true
{{- end }}
{{- if include "weir.spillSecret" . }}
- name: redis-spill
  mountPath: /etc/weir/redis-spill
  readOnly: true
{{- end }}
{{- end }}

{{- define "weir.redisVolumes" -}}
{{- with include "weir.redisSecret" . }}
- name: redis
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - key: {{ ternary $.Values.redis.external.existingSecretKey "url" (eq (include "weir.redisKind" $) "existingSecret") }}
        path: url
{{- end }}
{{- with include "weir.spillSecret" . }}
- name: redis-spill
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - key: {{ ternary "url" $.Values.redis.spill.existingSecretKey (ne $.Values.redis.spill.url "") }}
        path: url
{{- end }}
{{- with .Values.redis.external.tls.existingSecret }}
- name: redis-tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}

{{/* host:port of a host that may have no port: (list host port). */}}
{{- define "weir.withPort" -}}
{{- $host := index . 0 -}}
{{ $host }}{{ if not (regexMatch ":[0-9]+$" (regexReplaceAll "^\\[[^]]*\\]" $host "")) }}:{{ index . 1 }}{{ end }}
{{- end }}
