/** Requests as bytes, for strangers that ask and answer by hand (REQ-7). */
import type { Stream } from '@libp2p/interface'
import { readFrames, writeFrames } from '../../src/net/frames.ts'
import { decodeAsked, encodeAsk } from '../../src/net/request-wire.ts'
import { concat, u32be } from '../../src/primitives/bytes.ts'
import { allFrames } from './net.ts'

const PART = 64_000

/** The head of an answer: result, items, bytes. */
export const answerHead = (result: number, items: number, bytes: number): Uint8Array =>
  concat(Uint8Array.of(result), u32be(items), u32be(bytes))

/** Frames of an answer: its result as a frame of one byte, then the items. */
export function answerFrames(id: number, [result, ...items]: readonly Uint8Array[]): Uint8Array[] {
  if (result === undefined) return []
  const content = items.flatMap((item) => [u32be(item.length), item])
  const bytes = content.reduce((sum, { length }) => sum + length, 0)
  const whole = concat(answerHead(result[0] ?? 99, items.length, bytes), ...content)
  const parts: Uint8Array[] = []
  for (let at = 0; at < whole.length; at += PART) parts.push(concat(u32be(id), whole.subarray(at, at + PART)))
  return parts
}

/** One request, nothing more; the answer as its result, a frame of one byte, and its items; [] for none. */
export async function askOnce(stream: Stream, body: Uint8Array): Promise<Uint8Array[]> {
  stream.send(encodeAsk(0, body))
  await stream.close()
  const whole = concat(...(await allFrames(stream)).map((part) => part.subarray(4)))
  if (whole.length === 0) return []
  const frames = [whole.subarray(0, 1)]
  const view = new DataView(whole.buffer, whole.byteOffset)
  for (let at = 9; at < whole.length; at += 4 + view.getUint32(at)) {
    frames.push(whole.subarray(at + 4, at + 4 + view.getUint32(at)))
  }
  return frames
}

/** Answers every request of a stream; [] ends it. */
export async function answerAll(
  stream: Stream,
  answer: (body: Uint8Array) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>
): Promise<void> {
  for await (const frame of readFrames(stream, 16 * 1024 * 1024)) {
    const { id, body } = decodeAsked(frame)
    if (body === undefined) continue
    const frames = answerFrames(id, await answer(body))
    if (frames.length > 0) await writeFrames(stream, frames)
    else await stream.close()
  }
}
