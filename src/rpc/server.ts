/**
 * The HTTP surface of a node: POST / (JSON-RPC 2.0), /live, /health, /metrics, /openrpc.json, /ws (protocols/rpc.md).
 * Only JSON content types are taken, so a web page of another origin cannot post here without a preflight.
 */
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { Dispatch, INVALID_REQUEST, PARSE_ERROR, errorReply } from './dispatch.ts'
import type { DispatchEvents } from './dispatch.ts'
import { RpcError } from './errors.ts'
import { openRpc } from './methods.ts'
import type { NodePort } from './port.ts'
import type { SocketLimits } from './ws/limits.ts'
import { Sockets } from './ws/sockets.ts'
import type { SocketEvents, SocketParts } from './ws/sockets.ts'

/** Bytes of one request: a thousand transfers in hex, with room. */
export const REQUEST_BYTES_MAX = 2 * 1024 * 1024
/** Connections at a time; further ones are closed at once. */
const CONNECTIONS_MAX = 512
/** Time for a whole request to arrive: slow senders do not hold connections. */
const REQUEST_TIMEOUT_MS = 30_000
/** A connection on which nothing moves for so long is closed: nor do slow readers hold what waits for them. */
const STILL_TIMEOUT_MS = 60_000
const JSON_TYPE = 'application/json; charset=utf-8'

export interface Address {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
}
export const addressText = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

export interface RpcServerInit {
  readonly rpc: Address
  /** Moves /metrics to an address of its own. */
  readonly metrics?: Address
  /** @default 512 */
  readonly connectionsMax?: number
  readonly sockets?: Partial<SocketLimits>
}

export interface RpcServerComponents {
  readonly port: NodePort
  /** Prometheus text of everything the node measures. */
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> }
  readonly events: DispatchEvents
  readonly socketEvents: SocketEvents
  readonly onFinal: SocketParts['onFinal']
  /** Whether an `Authorization` header carries the admin token. @default none does */
  readonly isAdmin?: (authorization: string | undefined) => boolean
}
const noAdmin = (): boolean => false

export class RpcServer {
  readonly #components: RpcServerComponents
  readonly #init: RpcServerInit
  readonly #servers: FastifyInstance[] = []
  #address: Address | undefined
  #metricsAddress: Address | undefined

  constructor(components: RpcServerComponents, init: RpcServerInit) {
    this.#components = components
    this.#init = init
  }

  /** Where JSON-RPC is answered; with the real port once started. */
  get address(): Address | undefined {
    return this.#address
  }

  get metricsAddress(): Address | undefined {
    return this.#metricsAddress
  }

  /** @throws RpcError; nothing listens then. */
  async start(): Promise<void> {
    const { rpc, metrics, connectionsMax = CONNECTIONS_MAX, sockets = {} } = this.#init
    try {
      const server = createRpcApp(this.#components, { metrics: metrics === undefined, sockets })
      server.server.maxConnections = connectionsMax
      this.#servers.push(server)
      this.#address = await listen(server, rpc)
      if (metrics === undefined) {
        this.#metricsAddress = this.#address
        return
      }
      const second = createApp()
      second.server.maxConnections = connectionsMax
      serveMetrics(second, this.#components)
      this.#servers.push(second)
      this.#metricsAddress = await listen(second, metrics)
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Ends open connections; safe to call twice. */
  async stop(): Promise<void> {
    const servers = this.#servers.splice(0)
    this.#address = undefined
    this.#metricsAddress = undefined
    await Promise.all(servers.map((server) => server.close()))
  }
}

const createApp = (): FastifyInstance =>
  Fastify({
    logger: false,
    bodyLimit: REQUEST_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: STILL_TIMEOUT_MS,
    forceCloseConnections: true
  })

/** The routes without a socket; tests inject requests into it. */
export function createRpcApp(
  components: RpcServerComponents,
  options: { readonly metrics: boolean; readonly sockets?: Partial<SocketLimits> }
): FastifyInstance {
  const { port, events, socketEvents, onFinal, isAdmin = noAdmin } = components
  const dispatch = new Dispatch(port, events)
  const app = createApp()
  app.removeAllContentTypeParsers()
  // Parsed in the handler: a syntax error has a JSON-RPC answer of its own.
  app.addContentTypeParser(/^application\/json/, { parseAs: 'string' }, (_request, body, done) => {
    done(null, body)
  })
  app.post('/', async (request, reply) => {
    const parsed = parseJson(request.body)
    if (!parsed.ok) {
      return reply
        .code(400)
        .type(JSON_TYPE)
        .send(JSON.stringify(errorReply(null, PARSE_ERROR, 'not JSON')))
    }
    const sent = Promise.withResolvers<void>()
    for (const end of ['finish', 'close']) reply.raw.once(end, sent.resolve)
    const caller = { isAdmin: isAdmin(request.headers.authorization), sent: sent.promise }
    const answer = await dispatch.answer(parsed.value, caller)
    if (answer === undefined) return reply.code(204).send()
    return reply.type(JSON_TYPE).send(JSON.stringify(answer))
  })
  const failed = (where: string, error: unknown): void => events.failed(where, error)
  new Sockets({ port, dispatch, onFinal, events: socketEvents, failed }, options.sockets).attach(app)
  app.get('/live', (_request, reply) => reply.send({ ok: true }))
  app.get('/health', (_request, reply) => {
    const health = port.health()
    return reply.code(health.ok ? 200 : 503).send(health)
  })
  const description = openRpc(port.info().version)
  app.get('/openrpc.json', (_request, reply) => reply.send(description))
  if (options.metrics) serveMetrics(app, components)
  answerErrors(app, events)
  return app
}

function serveMetrics(app: FastifyInstance, { metrics }: RpcServerComponents): void {
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics())
  )
}

/** Too large, wrong content type, unknown path: HTTP status and a JSON-RPC body; the rest is our fault. */
function answerErrors(app: FastifyInstance, events: DispatchEvents): void {
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send(errorReply(null, INVALID_REQUEST, `nothing at ${request.method} ${request.url.slice(0, 64)}`))
  )
  app.setErrorHandler((error, request, reply) => {
    const status = statusOf(error)
    if (status >= 500) events.failed(`${request.method} ${request.url.slice(0, 64)}`, error)
    const message = status >= 500 ? 'internal error' : reasonOf(status)
    return reply.code(status).send(errorReply(null, INVALID_REQUEST, message))
  })
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' && status >= 400 ? status : 500
}

function reasonOf(status: number): string {
  if (status === 413) return `a request has at most ${REQUEST_BYTES_MAX} bytes`
  if (status === 415) return 'the content type is application/json'
  return 'bad request'
}

function parseJson(body: unknown): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(typeof body === 'string' ? body : '') }
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false }
    throw error
  }
}

async function listen(server: FastifyInstance, address: Address): Promise<Address> {
  try {
    await server.listen(address)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const text = addressText(address)
    if (reason === 'EADDRINUSE') {
      const detail = { code: 'RPC_PORT_IN_USE', address: text } as const
      throw new RpcError(detail, `${text} is in use`, { cause: error })
    }
    const detail = { code: 'RPC_CANNOT_LISTEN', address: text, reason } as const
    throw new RpcError(detail, `cannot listen on ${text}: ${reason}`, { cause: error })
  }
  const bound = server.server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  return { host: address.host, port }
}
