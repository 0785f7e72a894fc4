//go:build tools

// Package tools pins the store of the logs, which is built from its module as it is.
package tools

import _ "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs"
