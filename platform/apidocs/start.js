"use strict";

// A file of its own, since the page's Content-Security-Policy allows no inline script.
(() => {
  const target = document.getElementById("swagger-ui");
  SwaggerUIBundle({
    domNode: target,
    url: target.dataset.specUrl,
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
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
