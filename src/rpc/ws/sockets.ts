/** `GET /ws`: which connections become WebSockets, and their life from there (protocols/rpc.md, RPC-13 …). */
import websocket from '@fastify/websocket'
import type { WebSocket } from '@fastify/websocket'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TopicName } from '../../client/types.ts'
import { INVALID_REQUEST, errorReply, refusalReply } from '../dispatch.ts'
import type { Dispatch } from '../dispatch.ts'
import type { NodePort } from '../port.ts'
import { refused } from '../refusals.ts'
import { CLOSE_CODES, SOCKET_LIMITS } from './limits.ts'
import type { CloseReason, SocketLimits } from './limits.ts'
import { Session } from './session.ts'

export interface SocketEvents {
  /** Open connections and subscriptions, whenever either changes. */
  counted(connections: number, subscriptions: number): void
  published(topic: TopicName): void
  ended(reason: CloseReason): void
  refused(reason: 'origin' | 'connections'): void
}

export interface SocketParts {
  readonly port: NodePort
  readonly dispatch: Dispatch
  /** Calls the listener when blocks became final. @returns a function that ends this. */
  readonly onFinal: (listener: () => void) => () => void
  readonly events: SocketEvents
  readonly failed: (where: string, error: unknown) => void
}

export class Sockets {
  readonly #parts: SocketParts
  readonly #limits: SocketLimits
  readonly #sessions = new Map<Session, WebSocket>()
  #isStopping = false

  constructor(parts: SocketParts, limits: Partial<SocketLimits> = {}) {
    this.#parts = parts
    this.#limits = { ...SOCKET_LIMITS, ...limits }
  }

  /** Before the routes of `app` are complete. */
  attach(app: FastifyInstance): void {
    const { messageBytes, tickMs } = this.#limits
    let leave = (): void => undefined
    let ticking: NodeJS.Timeout | undefined
    void app.register(websocket, {
      options: { maxPayload: messageBytes },
      preClose: (done: () => void) => {
        this.#isStopping = true
        for (const session of this.#sessions.keys()) session.close('stopping')
        done()
      }
    })
    void app.register(async (scope) => {
      scope.route({
        method: 'GET',
        url: '/ws',
        onRequest: async (request, reply) => this.#admit(request, reply),
        handler: async (_request, reply) =>
          reply.code(426).send(errorReply(null, INVALID_REQUEST, 'expected a WebSocket')),
        wsHandler: (socket) => this.#open(socket)
      })
    })
    app.addHook('onReady', async () => {
      leave = this.#parts.onFinal(() => {
        for (const session of this.#sessions.keys()) session.wake()
      })
      ticking = setInterval(() => this.#tick(), tickMs)
    })
    app.addHook('onClose', async () => {
      leave()
      clearInterval(ticking)
    })
  }

  /** Browsers ask nobody before they connect here, so what a preflight would refuse is refused by the origin. */
  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { origin, host } = request.headers
    if (origin !== undefined && !isSameOrigin(origin, host)) {
      this.#parts.events.refused('origin')
      const refusal = refused('ORIGIN_REFUSED', 'pages of another origin may not connect')
      return reply.code(403).send(refusalReply(null, refusal))
    }
    const { connections: limit } = this.#limits
    if (this.#sessions.size < limit && !this.#isStopping) return undefined
    this.#parts.events.refused('connections')
    const refusal = refused('RPC_BUSY', 'too many WebSockets are open', { limit })
    return reply.code(503).send(refusalReply(null, refusal))
  }

  #open(socket: WebSocket): void {
    const { port, dispatch, events, failed } = this.#parts
    // Several may have been admitted at once.
    if (this.#sessions.size >= this.#limits.connections || this.#isStopping) {
      events.refused('connections')
      socket.close(CLOSE_CODES.crowded, 'crowded')
      return
    }
    const session = new Session({
      port,
      dispatch,
      wire: wireOf(socket),
      limits: this.#limits,
      nowMs: () => performance.now(),
      events: { published: (topic) => events.published(topic), ended: (why) => events.ended(why), failed }
    })
    this.#sessions.set(session, socket)
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) session.close('binary')
      else session.receive(data.toString('utf8'))
    })
    socket.on('pong', () => session.heard())
    socket.on('ping', () => session.heard())
    socket.on('close', () => {
      this.#sessions.delete(session)
      session.closed()
      this.#count()
    })
    this.#count()
  }

  #tick(): void {
    for (const session of this.#sessions.keys()) session.tick()
    this.#count()
  }

  #count(): void {
    let subscriptions = 0
    for (const session of this.#sessions.keys()) subscriptions += session.subscriptions
    this.#parts.events.counted(this.#sessions.size, subscriptions)
  }
}

const wireOf = (socket: WebSocket) => ({
  get bufferedAmount() {
    return socket.bufferedAmount
  },
  send: (text: string, done: () => void) => socket.send(text, done),
  close: (code: number, reason: string) => socket.close(code, reason),
  terminate: () => socket.terminate(),
  ping: () => socket.ping(),
  pause: () => socket.pause(),
  resume: () => socket.resume()
})

function isSameOrigin(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host
}
