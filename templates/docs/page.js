// Starts Swagger UI on the API's own document. A file of its own: the page's policy forbids inline scripts.
"use strict";

const LOGIN = "/api/auth/login";

const ui = SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null, // nothing is asked of another server
  responseInterceptor: authorizeAfterLogin,
});

// Whoever logs in on this page is authorized on it, without copying the token.
function authorizeAfterLogin(response) {
  if (response.ok && new URL(response.url, location.href).pathname === LOGIN) {
    ui.preauthorizeApiKey("accessToken", response.body.token);
  }
  return response;
}
