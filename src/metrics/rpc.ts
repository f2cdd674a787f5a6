/** WebSocket connections and what is published to them. */
import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'

export function declareRpcMetrics(registry: Registry) {
  const registers = [registry]
  return {
    connections: new Gauge({
      name: 'icn_ws_connections',
      help: 'Open WebSocket connections',
      registers
    }),
    subscriptions: new Gauge({
      name: 'icn_ws_subscriptions',
      help: 'Subscriptions of all connections',
      registers
    }),
    published: new Counter({
      name: 'icn_ws_published_total',
      help: 'Notifications sent, by topic',
      labelNames: ['topic'] as const,
      registers
    }),
    ended: new Counter({
      name: 'icn_ws_ended_total',
      help: 'Connections that ended, by reason',
      labelNames: ['reason'] as const,
      registers
    }),
    refused: new Counter({
      name: 'icn_ws_refused_total',
      help: 'Connections refused before they were WebSockets, by reason',
      labelNames: ['reason'] as const,
      registers
    })
  }
}
