/**
 * What it means that a peer ended a stream on which it owed an answer. Whoever hangs up (it has too many peers, it stops,
 * its score of us fell) ends its streams first and its connection a moment later, and has promised nothing. Only of a peer
 * that stays it is proof, and only its word shows that it stays: our own clock would also run while we hear nothing.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { deadline, pause } from './context.ts'
import type { NetContext } from './context.ts'
import { asError } from './frames.ts'
import { NET_LIMITS } from './limits.ts'

/** Ends of streams take part of it, last words the rest; and as long again for a machine that is busy. */
export const HANGING_UP_MS = 4 * NET_LIMITS.lastWordsMs

/** The one that carries it; found while the stream is open. */
export const connectionOf = (context: NetContext, stream: Stream): Connection | undefined =>
  context.host.getConnections().find(({ streams }) => streams.includes(stream))

/** Whether a connection goes on: the peer agrees to a protocol on it when there has been time to hang up. Never throws. */
export async function goesOn(
  context: NetContext,
  connection: Connection | undefined,
  protocol: string
): Promise<boolean> {
  await pause(HANGING_UP_MS, context.signal)
  if (connection?.status !== 'open' || context.signal.aborted) return false
  let stream: Stream | undefined
  try {
    const signal = deadline(context, NET_LIMITS.statusTimeoutMs)
    stream = await connection.newStream(protocol, { signal })
    await stream.close({ signal })
    return true
  } catch (error) {
    stream?.abort(asError(error))
    return false
  }
}
