/**
 * Yamux, whose new streams are announced to the peer in a microtask of their own. When the connection is lost just then,
 * the library's announcement throws where nobody can catch it and ends the process: whoever resets a connection at the
 * right moment could kill a node. Here such a stream is aborted, and who asked for it hears of it.
 */
import { yamux } from '@libp2p/yamux'
import type { StreamMuxerFactory } from '@libp2p/interface'
import { asError } from './frames.ts'

type YamuxFactory = ReturnType<ReturnType<typeof yamux>>
type YamuxStream = ReturnType<ReturnType<YamuxFactory['createStreamMuxer']>['onCreateStream']>

/** With the default window a fast stream outgrows its read buffer while paused and is reset. */
const WINDOW_BYTES = 1 << 20

export function createMuxers(): StreamMuxerFactory {
  const factory = yamux({ streamOptions: { maxStreamWindowSize: WINDOW_BYTES } })()
  const createStreamMuxer = factory.createStreamMuxer.bind(factory)
  factory.createStreamMuxer = (connection) => {
    const muxer = createStreamMuxer(connection)
    const onCreateStream = muxer.onCreateStream.bind(muxer)
    muxer.onCreateStream = () => withLosses(onCreateStream())
    return muxer
  }
  return factory
}

function withLosses(stream: YamuxStream): YamuxStream {
  const sendWindowUpdate = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    try {
      sendWindowUpdate()
    } catch (error) {
      stream.abort(asError(error))
    }
  }
  return stream
}
