# The s3scan command: built in one stage, and what it needs to run in the other.
FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src src
RUN npx tsc -p tsconfig.json

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /opt/s3scan
COPY package.json package-lock.json LICENSE ./
# --ignore-scripts: `prepare` would build, and there is nothing here to build with.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force && ln -s /opt/s3scan/bin/s3scan.js /usr/local/bin/s3scan
COPY bin bin
COPY --from=build /build/dist/src dist/src

# Outputs go where the caller mounts a folder.
WORKDIR /data
RUN chown 1000:1000 /data
# The image's own user `node`, by number: Kubernetes' runAsNonRoot wants to see that it is not root.
USER 1000:1000
ENTRYPOINT ["s3scan"]
CMD ["--help"]
