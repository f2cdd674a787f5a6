# The node as an image: `docker build -t icn .`, then `docker run -v data:/data icn start …` (docs/docker.md).

FROM node:24-bookworm-slim AS build
WORKDIR /icn
COPY package.json package-lock.json .npmrc ./
RUN npm ci --loglevel=error
COPY tsconfig.json ./
COPY src src
COPY scripts/docker scripts/docker
RUN npx tsc -p . --declaration false --declarationMap false --sourceMap false
# What runs: no development packages, no types, no maps, native code of this platform alone.
RUN npm prune --omit=dev --loglevel=error \
 && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.cts' -o -name '*.mts' \) -delete \
 && find node_modules -type d -path '*/prebuilds/*' ! -name "linux-$(node -p process.arch)" -prune -exec rm -rf {} + \
 && rm -rf node_modules/.cache node_modules/.package-lock.json

FROM node:24-bookworm-slim
WORKDIR /icn
ENV NODE_ENV=production ICN_DATA=/data ICN_RPC=0.0.0.0:8088 ICN_LOG_FORMAT=json
COPY package.json LICENSE ./
COPY --from=build /icn/node_modules node_modules
COPY --from=build /icn/dist dist
COPY docker/entry.sh docker/healthy.sh docker/make-network.sh docker/
RUN ln -s /icn/dist/src/cli/main.js /usr/local/bin/icn \
 && chmod 755 dist/src/cli/main.js docker/*.sh \
 && install -d -o node -g node /data
USER node
VOLUME /data
EXPOSE 8088 9000
# A clean stop takes up to 10 s: give containers longer (`docker run --stop-timeout 30`, stop_grace_period in compose).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=120s --retries=3 CMD ["/icn/docker/healthy.sh"]
ENTRYPOINT ["/icn/docker/entry.sh"]
CMD ["start"]
