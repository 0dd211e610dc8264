package httpd

import (
	"net/http"

	"github.com/earshot-chat/earshot/docs"
)

// descriptionName is what the description of the API is called, below /api/v1.
const descriptionName = "openapi.yaml"

// apiDescription makes the call that answers with the description of the API, compressed once, here.
func apiDescription() (http.HandlerFunc, error) {
	description, err := newPage(descriptionName, []byte(docs.OpenAPI()), nil)
	if err != nil {
		return nil, err
	}
	return description.serve, nil
}
