/**
 * The status handshake (REQ-2 … REQ-5): first exchange on every connection, repeated every few seconds so that each
 * side knows how far the other is. Its protocol id is equal in all networks, so that a node of another genesis gets
 * a reason and not silence.
 *
 *   dialer   → frame: Status
 *   listener → frame: one byte, 0 or the reason of refusal, and its own Status
 */
import type { Connection, Stream } from '@libp2p/interface'
import { StatusType } from '../codec/messages.ts'
import type { Status } from '../codec/messages.ts'
import { decode } from '../codec/ssz.ts'
import { concat, equal } from '../primitives/bytes.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import { deadline, messageOf, monotonicMs } from './context.ts'
import type { NetContext } from './context.ts'
import { isPeerFault, streamFailure } from './errors.ts'
import { asError, closed, readOnlyFrame, writeFrames } from './frames.ts'
import { endConnection } from './host.ts'
import { NET_LIMITS } from './limits.ts'
import type { Session, Sessions } from './sessions.ts'
import { GOODBYE_PROTOCOL, STATUS_PROTOCOL } from './topics.ts'
import type { Peer } from './types.ts'

/** In the order of their codes on the wire, from 1. */
export const REFUSALS = [
  'wrong-network',
  'missing-features',
  'garbage',
  'too-many-peers',
  'banned',
  'no-handshake'
] as const
export type HandshakeRefusal = (typeof REFUSALS)[number]

/** Pure: may these two talk? Unknown feature bits are ignored, required ones must be known. */
export function judgeStatus(local: Status, remote: Status): Verdict<Status, HandshakeRefusal> {
  if (!equal(local.network, remote.network)) return refuse('wrong-network', 'another network id')
  const missing = (local.required & ~remote.features) | (remote.required & ~local.features)
  if (missing !== 0n) return refuse('missing-features', `feature bits ${missing.toString(2)}`)
  return accept(remote)
}

export interface HandshakeOptions {
  readonly localStatus: () => Status
  readonly sessions: Sessions
  /** Whether one more peer of that direction is welcome. */
  readonly hasRoom: (direction: 'inbound' | 'outbound') => boolean
  /** A refused peer is not dialled for a while. */
  readonly onRefused: (peer: Peer, reason: HandshakeRefusal) => void
  /** A status came on the connection. */
  readonly heard: (connection: Connection) => void
}

export class Handshake {
  readonly #context: NetContext
  readonly #options: HandshakeOptions
  /** Inbound connections that owe us a status; bounded by the connections. */
  readonly #owing = new Map<Connection, NodeJS.Timeout>()
  readonly #refreshing: NodeJS.Timeout

  constructor(context: NetContext, options: HandshakeOptions) {
    this.#context = context
    this.#options = options
    this.#refreshing = setInterval(() => this.#refresh(), NET_LIMITS.statusRefreshMs)
    context.signal.addEventListener('abort', () => this.#end(), { once: true })
  }

  async register(): Promise<void> {
    const { host } = this.#context
    await host.handle(STATUS_PROTOCOL, (stream, connection) => this.#answer(stream, connection), {
      maxInboundStreams: 4
    })
    await host.handle(GOODBYE_PROTOCOL, (stream, connection) => this.#hearGoodbye(stream, connection), {
      maxInboundStreams: 1
    })
  }

  /** The side that dialled speaks first; the other has so long to be spoken to. */
  onConnection(connection: Connection): void {
    if (connection.direction === 'outbound') {
      void this.#exchange(connection)
      return
    }
    const timer = setTimeout(() => {
      this.#owing.delete(connection)
      void this.#onUnspoken(connection)
    }, NET_LIMITS.statusTimeoutMs)
    this.#owing.set(connection, timer)
    connection.addEventListener('close', () => this.#settle(connection), { once: true })
  }

  /** Without a session it is a refusal. Of a peer that has one it ends alone: what it leaves would hold the session up. */
  async #onUnspoken(connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString() as Peer
    if (this.#options.sessions.get(peer) === undefined) return this.#refuse(connection, 'no-handshake')
    this.#context.log('connection without a handshake', { peer })
    await endConnection(connection, 'no handshake on it')
  }

  #settle(connection: Connection): void {
    clearTimeout(this.#owing.get(connection))
    this.#owing.delete(connection)
  }

  #end(): void {
    clearInterval(this.#refreshing)
    for (const connection of this.#owing.keys()) this.#settle(connection)
  }

  /** The dialer's part, also for refreshing. Never throws. */
  async #exchange(connection: Connection): Promise<void> {
    const signal = deadline(this.#context, NET_LIMITS.statusTimeoutMs)
    let stream: Stream | undefined
    try {
      const local = this.#options.localStatus()
      stream = await connection.newStream(STATUS_PROTOCOL, { signal })
      await writeFrames(stream, [StatusType.serialize(local)], signal)
      await stream.close({ signal })
      const answer = await readOnlyFrame(stream, NET_LIMITS.statusFrameBytes, signal)
      const refusal = answer[0] === 0 ? undefined : (REFUSALS[(answer[0] ?? 0) - 1] ?? 'garbage')
      const remote = decode(StatusType, answer.subarray(1))
      if (!remote.ok) await this.#refuse(connection, refusal ?? 'garbage')
      else await this.#conclude(connection, local, remote.value, refusal ?? this.#overfull(connection))
    } catch (error) {
      stream?.abort(asError(error))
      await this.#onFailure(connection, error)
    }
  }

  /** The listener's part. */
  async #answer(stream: Stream, connection: Connection): Promise<void> {
    stream.pause()
    const signal = deadline(this.#context, NET_LIMITS.statusTimeoutMs)
    try {
      const frame = await readOnlyFrame(stream, NET_LIMITS.statusFrameBytes, signal)
      const local = this.#options.localStatus()
      const remote = decode(StatusType, frame)
      const verdict = remote.ok
        ? judgeStatus(local, remote.value)
        : refuse<HandshakeRefusal>('garbage', remote.detail)
      const refusal = verdict.ok ? this.#overfull(connection) : verdict.code
      const code = refusal === undefined ? 0 : REFUSALS.indexOf(refusal) + 1
      await writeFrames(stream, [concat(Uint8Array.of(code), StatusType.serialize(local))], signal)
      await stream.close({ signal })
      this.#settle(connection)
      if (!remote.ok) await this.#refuse(connection, 'garbage')
      else await this.#conclude(connection, local, remote.value, refusal)
    } catch (error) {
      stream.abort(asError(error))
      this.#settle(connection)
      await this.#onFailure(connection, error)
    }
  }

  #overfull(connection: Connection): HandshakeRefusal | undefined {
    const { sessions, hasRoom } = this.#options
    const known = sessions.get(connection.remotePeer.toString() as Peer) !== undefined
    return known || hasRoom(connection.direction) ? undefined : 'too-many-peers'
  }

  async #conclude(
    connection: Connection,
    local: Status,
    remote: Status,
    refusal: HandshakeRefusal | undefined
  ): Promise<void> {
    const verdict = judgeStatus(local, remote)
    if (!verdict.ok) return this.#refuse(connection, verdict.code)
    if (refusal !== undefined) return this.#refuse(connection, refusal)
    if (connection.status !== 'open' || this.#context.signal.aborted) return
    this.#context.metrics.handshake('ok')
    this.#options.heard(connection)
    this.#options.sessions.open(sessionOf(connection, remote))
  }

  async #onFailure(connection: Connection, error: unknown): Promise<void> {
    if (this.#context.signal.aborted || connection.status !== 'open') return
    const failure = streamFailure(error)
    const peer = connection.remotePeer.toString() as Peer
    // Whoever hangs up in the middle ends its streams cleanly before its connection: not proof of anything.
    if (isPeerFault(failure) && failure !== 'cut') return this.#refuse(connection, 'garbage')
    this.#context.metrics.handshake(failure)
    this.#context.log('handshake failed', { peer, reason: messageOf(error) })
    // A refresh that fails is repeated; without a first status the connection is of no use.
    if (this.#options.sessions.get(peer) === undefined) await this.#hangUp(connection)
  }

  async #refuse(connection: Connection, reason: HandshakeRefusal): Promise<void> {
    if (this.#context.signal.aborted) return
    const peer = connection.remotePeer.toString() as Peer
    this.#context.metrics.handshake(reason)
    this.#context.log('peer refused', { peer, reason })
    this.#options.onRefused(peer, reason)
    if (reason === 'garbage') this.#context.report(peer, 'invalid', 'status is not canonical')
    await this.goodbye(connection, reason)
  }

  /** Says why and ends every connection to the peer. */
  async goodbye(connection: Connection, reason: HandshakeRefusal): Promise<void> {
    const signal = deadline(this.#context, 500)
    try {
      const stream = await connection.newStream(GOODBYE_PROTOCOL, { signal })
      await writeFrames(stream, [Uint8Array.of(REFUSALS.indexOf(reason) + 1)], signal)
      await stream.close({ signal })
      await closed(stream, signal)
    } catch (error) {
      this.#context.log('goodbye not heard', { reason: messageOf(error) })
    }
    await this.#hangUp(connection)
  }

  /** A surplus peer: it is told that there are too many, and may come back later. */
  letGo(peer: Peer): void {
    const session = this.#options.sessions.get(peer)
    const [connection] = session === undefined ? [] : this.#context.host.getConnections(session.id)
    if (connection === undefined) return
    this.#context.metrics.letGo()
    this.#options.onRefused(peer, 'too-many-peers')
    void this.goodbye(connection, 'too-many-peers')
  }

  async #hearGoodbye(stream: Stream, connection: Connection): Promise<void> {
    stream.pause()
    const peer = connection.remotePeer.toString() as Peer
    try {
      const frame = await readOnlyFrame(stream, 1, deadline(this.#context, NET_LIMITS.statusTimeoutMs))
      const reason = REFUSALS[(frame[0] ?? 0) - 1] ?? 'garbage'
      this.#context.log('peer said goodbye', { peer, reason })
      this.#context.metrics.handshake(`told-${reason}`)
      this.#options.onRefused(peer, reason)
      await stream.close()
    } catch (error) {
      stream.abort(asError(error))
    }
    await this.#hangUp(connection)
  }

  async #hangUp(connection: Connection): Promise<void> {
    try {
      await this.#context.host.hangUp(connection.remotePeer, { signal: AbortSignal.timeout(1_000) })
    } catch (error) {
      connection.abort(asError(error))
    }
  }

  #refresh(): void {
    for (const session of this.#options.sessions.all()) {
      if (session.direction !== 'outbound') continue
      const connection = this.#context.host.getConnections(session.id).find((each) => each.status === 'open')
      if (connection !== undefined) void this.#exchange(connection)
    }
  }
}

function sessionOf(connection: Connection, status: Status): Session {
  const now = monotonicMs()
  return {
    peer: connection.remotePeer.toString() as Peer,
    id: connection.remotePeer,
    address: connection.remoteAddr.toString(),
    direction: connection.direction,
    sinceMs: now,
    heardMs: now,
    agent: '',
    status
  }
}
