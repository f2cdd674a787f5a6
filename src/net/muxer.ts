/**
 * Yamux, whose new streams are announced to the peer in a microtask of their own. When the connection is lost just then,
 * the library's announcement throws where nobody can catch it and ends the process: whoever resets a connection at the
 * right moment could kill a node. Here such a stream is aborted, and who asked for it hears of it.
 *
 * The library also answers every frame of data with a window update, a write of its own. Here one is sent for each half
 * of the smallest window, as other implementations do: the peer always has the other half to go on with.
 */
import { yamux } from '@libp2p/yamux'
import type { StreamMuxerFactory } from '@libp2p/interface'
import { asError } from './frames.ts'

type YamuxFactory = ReturnType<ReturnType<typeof yamux>>
type YamuxStream = ReturnType<ReturnType<YamuxFactory['createStreamMuxer']>['onCreateStream']>

/** With the default window a fast stream outgrows its read buffer while paused and is reset. */
const WINDOW_BYTES = 1 << 20
/** Half the window that every stream begins with. */
export const UPDATE_BYTES = 128 * 1024

export function createMuxers(): StreamMuxerFactory {
  const factory = yamux({ streamOptions: { maxStreamWindowSize: WINDOW_BYTES } })()
  const createStreamMuxer = factory.createStreamMuxer.bind(factory)
  factory.createStreamMuxer = (connection) => {
    const muxer = createStreamMuxer(connection)
    const onCreateStream = muxer.onCreateStream.bind(muxer)
    muxer.onCreateStream = () => withLosses(withFewUpdates(onCreateStream()))
    const onRemoteStream = muxer.onRemoteStream.bind(muxer)
    muxer.onRemoteStream = (stream) => onRemoteStream(withFewUpdates(stream))
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

function withFewUpdates(stream: YamuxStream): YamuxStream {
  // The first update announces or accepts the stream.
  let unanswered = UPDATE_BYTES
  const handleData = stream.handleData.bind(stream)
  const sendWindowUpdate = stream.sendWindowUpdate.bind(stream)
  const sendResume = stream.sendResume.bind(stream)
  stream.handleData = (frame) => {
    unanswered += frame.header.length
    handleData(frame)
  }
  stream.sendWindowUpdate = () => {
    if (unanswered < UPDATE_BYTES) return
    unanswered = 0
    sendWindowUpdate()
  }
  // While it was paused nothing was answered, whatever was counted.
  stream.sendResume = () => {
    unanswered = UPDATE_BYTES
    sendResume()
  }
  return stream
}
