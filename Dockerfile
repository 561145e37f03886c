# syntax=docker/dockerfile:1

# Pure Go builds for any platform on the builder's own.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod \
    go mod download
COPY . .
ARG VERSION=dev
ARG TARGETOS
ARG TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -tags nomsgpack -ldflags "-s -w -X main.version=${VERSION}" -o /out/shop ./cmd/shop
# Folders that the final image cannot make for itself, having no shell.
RUN mkdir /out/data /out/tmp

FROM scratch
ARG VERSION=dev
LABEL org.opencontainers.image.title="shop" \
      org.opencontainers.image.description="Headless shop backend" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
COPY --from=build /out/shop /shop
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
ENV SHOP_DATA_DIR=/data
VOLUME ["/data"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["/shop", "health"]
ENTRYPOINT ["/shop"]
CMD ["serve"]
