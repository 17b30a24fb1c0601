# Builds the engine and the server, then keeps what they need to run.
# Run it on the host's network, for the server accepts loopback connections only: docker run --network host tidewire
FROM rust:1-bookworm AS build
COPY --from=node:20-bookworm /usr/local /usr/local
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/build ./build
COPY --from=build /app/engine/tidewire.node ./engine/tidewire.node
COPY --from=build /app/examples ./examples
RUN mkdir /var/lib/tidewire && chown node:node /var/lib/tidewire
USER node
VOLUME /var/lib/tidewire
ENTRYPOINT ["node", "--no-memory-reducer", "build/server/main.js"]
CMD ["serve", "--data", "/var/lib/tidewire"]
