// Package docs holds what the server hands out of the documentation.
package docs

import _ "embed"

//go:embed openapi.yaml
var openAPI string

// OpenAPI gives the description of the REST API (OpenAPI 3.1), in YAML.
func OpenAPI() string { return openAPI }
