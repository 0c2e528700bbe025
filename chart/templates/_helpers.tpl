{{- define "ir.name" -}}incident-response{{- end -}}

{{- define "ir.labels" -}}
app.kubernetes.io/name: {{ include "ir.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
agents.nanohype.dev/platform: {{ include "ir.name" . }}
{{- end -}}

{{- /* Call with (list . "webhook"). */ -}}
{{- define "ir.selector" -}}
app.kubernetes.io/name: {{ include "ir.name" (index . 0) }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "ir.fullname" -}}{{ include "ir.name" (index . 0) }}-{{ index . 1 }}{{- end -}}

{{- define "ir.serviceAccount" -}}
{{- $root := index . 0 -}}
{{- if $root.Values.serviceAccount.create }}{{ include "ir.fullname" . }}{{ else }}{{ $root.Values.serviceAccount.name }}{{ end -}}
{{- end -}}

{{- define "ir.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end -}}

{{- define "ir.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "ir.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* Seconds that Kubernetes waits. Less than it takes to give messages back after the drain (3 s), to export what was
counted (2 s) and to close connections, and the drain is cut off. DRAIN_TIMEOUT_S's default is app/settings.py's. */ -}}
{{- define "ir.grace" -}}
{{- $settings := merge (dict) .Values.processorSettings .Values.settings -}}
{{- $drain := float64 (default 25 $settings.DRAIN_TIMEOUT_S) -}}
{{- $grace := .Values.processor.terminationGracePeriodSeconds -}}
{{- if lt (float64 $grace) (addf $drain 10.0) -}}
{{- fail (printf "processor.terminationGracePeriodSeconds is %v, and must be at least 10 s more than DRAIN_TIMEOUT_S (%v): raise the one, or lower the other under processorSettings" $grace $drain) -}}
{{- end -}}
{{ $grace }}
{{- end -}}

{{- define "ir.secretsDir" -}}/run/incident-response/secrets{{- end -}}

{{- define "ir.http" -}}{{ eq (dig "SLACK_TRANSPORT" "socket" .Values.settings) "http" }}{{- end -}}

{{- define "ir.egress" -}}
- to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
      podSelector: {matchLabels: {k8s-app: kube-dns}}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
# Vendors and AWS. The instance's own metadata, and with it the node's role, is out of reach.
- to:
    - ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}
    - ipBlock: {cidr: "::/0", except: ["fd00:ec2::254/128"]}
  ports:
    - {protocol: TCP, port: 443}
# EKS Pod Identity's agent on the node.
- to:
    - ipBlock: {cidr: 169.254.170.23/32}
  ports:
    - {protocol: TCP, port: 80}
- to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .Values.networkPolicy.collectorNamespace }}}}
  ports:
    - {protocol: TCP, port: 4317}
    - {protocol: TCP, port: 4318}
{{- end }}
