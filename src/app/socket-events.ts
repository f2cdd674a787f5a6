/** What WebSocket connections report, as metrics. */
import type { NodeMetrics } from '../metrics/registry.ts'
import type { SocketEvents } from '../rpc/ws/sockets.ts'

export const socketEvents = ({ rpc }: NodeMetrics): SocketEvents => ({
  counted(connections, subscriptions) {
    rpc.connections.set(connections)
    rpc.subscriptions.set(subscriptions)
  },
  published: (topic) => rpc.published.inc({ topic }),
  ended: (reason) => rpc.ended.inc({ reason }),
  refused: (reason) => rpc.refused.inc({ reason })
})
