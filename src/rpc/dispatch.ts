/**
 * JSON-RPC 2.0: one call or a batch in, the reply out. Knows nothing of HTTP.
 * The entries of a batch are started in order and awaited together, so signatures of a batch of transactions are
 * verified as one job; replies keep the order of the entries.
 */
import type { RpcErrorJson } from '../client/types.ts'
import { refusalNumber } from '../codec/refusals.ts'
import type { RefusalCode } from '../codec/refusals.ts'
import { METHODS, SOCKET_METHODS } from './methods.ts'
import { isRefused } from './method.ts'
import type { Callable, Outcome } from './method.ts'
import { parseParams } from './params.ts'
import type { NodePort, Refused } from './port.ts'
import { refused } from './refusals.ts'

export const PARSE_ERROR = -32700
export const INVALID_REQUEST = -32600
export const METHOD_NOT_FOUND = -32601
export const INVALID_PARAMS = -32602
export const INTERNAL_ERROR = -32603
export const REFUSED = -32000

/** Weight of one batch: so many entries, or fewer heavy ones. */
export const BATCH_MAX = 1_000
/** Weight of calls that are not answered, or whose answer is not out, in one server: bounds what callers can make a node hold. */
const IN_FLIGHT_MAX = 10_000

const NO_METHODS: ReadonlyMap<string, Callable> = new Map()

const NO_TOKEN = refused('ADMIN_TOKEN', 'send the content of admin.token as Authorization: Bearer')

/** Who asks. */
export interface Caller {
  /** Methods of the caller's connection, beside those of the table. */
  readonly own?: ReadonlyMap<string, Callable>
  /** It has shown the admin token (RPC-18). */
  readonly isAdmin?: boolean
  /** Settles when the answer is out, or nobody takes it any more: until then it weighs. @default it is out at once */
  readonly sent?: Promise<void>
}

/** A message that is being answered: weighs as much as its calls, until the answer is out. */
interface Asked extends Required<Omit<Caller, 'sent'>> {
  weight: number
}

const unknownMethod = (name: string): string =>
  SOCKET_METHODS.has(name) ? `${name} needs a WebSocket (GET /ws)` : `unknown method: ${name.slice(0, 64)}`

type Id = string | number | null
export interface Reply {
  readonly jsonrpc: '2.0'
  readonly id: Id
  readonly result?: unknown
  readonly error?: RpcErrorJson
}

export const errorReply = (id: Id, code: number, message: string, data?: unknown): Reply => ({
  jsonrpc: '2.0',
  id,
  error: { code, message, ...(data === undefined ? {} : { data }) }
})

export const refusalReply = (id: Id, { code, detail, facts }: Refused): Reply =>
  errorReply(id, REFUSED, `${code}: ${detail}`, { ...facts, code, number: refusalNumber(code) })

function outcomeReply(id: Id, outcome: Outcome): Reply {
  if (outcome.ok) return { jsonrpc: '2.0', id, result: outcome.value }
  return isRefused(outcome) ? refusalReply(id, outcome) : errorReply(id, INVALID_PARAMS, outcome.invalid)
}

export interface DispatchEvents {
  /** A handler failed: our fault, someone must look. */
  failed(method: string, error: unknown): void
  refused(code: RefusalCode): void
}

export class Dispatch {
  readonly #port: NodePort
  readonly #events: DispatchEvents
  readonly #inFlightMax: number
  #inFlight = 0

  constructor(port: NodePort, events: DispatchEvents, init: { readonly inFlightMax?: number } = {}) {
    this.#port = port
    this.#events = events
    this.#inFlightMax = init.inFlightMax ?? IN_FLIGHT_MAX
  }

  /**
   * @returns undefined when there is nothing to answer (notifications only).
   */
  async answer(
    request: unknown,
    { own = NO_METHODS, isAdmin = false, sent }: Caller = {}
  ): Promise<Reply | readonly Reply[] | undefined> {
    const asked: Asked = { own, isAdmin, weight: 0 }
    const forget = (): void => void (this.#inFlight -= asked.weight)
    try {
      return await this.#answers(request, asked)
    } finally {
      if (sent === undefined) forget()
      else void sent.then(forget)
    }
  }

  async #answers(request: unknown, asked: Asked): Promise<Reply | readonly Reply[] | undefined> {
    if (!Array.isArray(request)) return this.#one(request, asked)
    const entries: readonly unknown[] = request
    if (entries.length === 0) return errorReply(null, INVALID_REQUEST, 'an empty batch')
    const weight = entries.reduce<number>((sum, entry) => sum + weightOf(entry), 0)
    if (weight > BATCH_MAX) {
      return errorReply(null, INVALID_REQUEST, `a batch has at most weight ${BATCH_MAX}, this has ${weight}`)
    }
    const replies = await Promise.all(entries.map((entry) => this.#one(entry, asked)))
    const answered = replies.filter((reply) => reply !== undefined)
    return answered.length === 0 ? undefined : answered
  }

  async #one(request: unknown, asked: Asked): Promise<Reply | undefined> {
    if (typeof request !== 'object' || request === null || Array.isArray(request)) {
      return errorReply(null, INVALID_REQUEST, 'a request is an object')
    }
    const { jsonrpc, id, method, params } = request as Readonly<Record<string, unknown>>
    const known: Id = typeof id === 'string' || typeof id === 'number' ? id : null
    if (
      jsonrpc !== '2.0' ||
      typeof method !== 'string' ||
      (id !== undefined && id !== null && known === null)
    ) {
      return errorReply(known, INVALID_REQUEST, 'expected {jsonrpc: "2.0", id, method, params}')
    }
    const reply = await this.#answerTo(known, method, params, asked)
    return id === undefined ? undefined : reply
  }

  async #answerTo(id: Id, name: string, params: unknown, asked: Asked): Promise<Reply> {
    const method = METHODS.get(name) ?? asked.own.get(name)
    if (method === undefined) return errorReply(id, METHOD_NOT_FOUND, unknownMethod(name))
    if (method.isAdmin === true && !asked.isAdmin) return refusalReply(id, NO_TOKEN)
    const values = parseParams(method.params, params)
    if (typeof values === 'string') return errorReply(id, INVALID_PARAMS, values)
    if (this.#inFlight + method.weight > this.#inFlightMax) {
      return refusalReply(id, refused('RPC_BUSY', 'too many calls in progress', { limit: this.#inFlightMax }))
    }
    this.#inFlight += method.weight
    asked.weight += method.weight
    try {
      const outcome = await method.call(this.#port, values)
      if (!outcome.ok && isRefused(outcome)) this.#events.refused(outcome.code)
      return outcomeReply(id, outcome)
    } catch (error) {
      this.#events.failed(name, error)
      return errorReply(id, INTERNAL_ERROR, 'internal error')
    }
  }
}

/** What is no call of a known method is answered by an error, which is light. */
function weightOf(entry: unknown): number {
  if (typeof entry !== 'object' || entry === null || !('method' in entry)) return 1
  return typeof entry.method === 'string' ? (METHODS.get(entry.method)?.weight ?? 1) : 1
}
