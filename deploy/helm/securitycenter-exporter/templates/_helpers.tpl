{{- define "exporter.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "exporter.fullname" -}}
{{- $name := include "exporter.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "exporter.selector" -}}
app.kubernetes.io/name: {{ include "exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "exporter.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
{{ include "exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "exporter.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "exporter.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{- define "exporter.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- /* The files of the configuration: ConfigMaps and Secrets in one folder. */ -}}
{{- define "exporter.configMap" -}}
{{- if .Values.existingConfigMap -}}
{{ .Values.existingConfigMap }}
{{- else if or .Values.webConfig (not .Values.demo) -}}
{{ include "exporter.fullname" . }}
{{- end -}}
{{- end -}}

{{- define "exporter.secret" -}}
{{- if .Values.secret.existing -}}
{{ .Values.secret.existing }}
{{- else if .Values.secret.create -}}
{{ include "exporter.fullname" . }}
{{- end -}}
{{- end -}}

{{- define "exporter.scheme" -}}
{{- if and (kindIs "map" .Values.webConfig) (hasKey .Values.webConfig "tls_server_config") -}}https
{{- else if .Values.scrape.tlsConfig -}}https
{{- else -}}http
{{- end -}}
{{- end -}}

{{- define "exporter.webFlag" -}}
--web.config.file=/etc/securitycenter_exporter/web.yml
{{- end -}}

{{- define "exporter.probe" -}}
{{- if .Values.webConfig -}}
exec:
  command: [/securitycenter_exporter, --healthcheck, {{ include "exporter.webFlag" . }}]
{{- else -}}
httpGet: {path: /-/healthy, port: http}
{{- end -}}
{{- end -}}
