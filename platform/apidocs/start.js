"use strict";

// A file of its own, since the page's Content-Security-Policy allows no inline script.
(() => {
  // What only administrators and services may call, on another listener, comes last.
  const internal = (operation) => Number(operation.get("path").startsWith("/internal/"));
  const target = document.getElementById("swagger-ui");
  SwaggerUIBundle({
    domNode: target,
    url: target.dataset.specUrl,
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    operationsSorter: (a, b) => internal(a) - internal(b),
    filter: true,
    tryItOutEnabled: true,
    // Null: never send the document to a validator elsewhere.
    validatorUrl: null,
    // A token typed into the page is gone with the tab.
    persistAuthorization: false,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
})();
