/**
 * Frames of a request stream (REQ-7). Numbers are big-endian.
 *
 *   asker    → u8 kind (0 ask, 1 withdraw), u32 id, and what is asked
 *   answerer → u32 id and a part of the answer; parts of different answers may alternate
 *
 * An answer is u8 result, u32 items, u32 bytes, then the items, each behind its u32 length; `bytes` counts these lengths too.
 * So the asker compares everything declared with its bounds before it keeps a byte of it.
 */
import { Uint8ArrayList } from 'uint8arraylist'
import { concat, u32be } from '../primitives/bytes.ts'
import { brokenStream } from './errors.ts'
import type { RequestLimits } from './limits.ts'
import { RESULT_CODES } from './request-codes.ts'
import type { Response, ResultCode } from './types.ts'

const ASK = 0
const WITHDRAW = 1
/** Kind and id before what is asked. */
export const ASK_HEAD_BYTES = 5
/** Result, items, bytes. */
const ANSWER_HEAD_BYTES = 9
const LENGTH_BYTES = 4
/** The id before a part of an answer. */
const ID_BYTES = 4
/** The largest frame of an answer: small enough that answers which share a stream take turns. */
export const PART_BYTES_MAX = 64 * 1024

const framed = (...parts: (Uint8Array | Uint8ArrayList)[]): Uint8ArrayList => {
  const body = new Uint8ArrayList(...parts)
  body.prepend(u32be(body.byteLength))
  return body
}

export const encodeAsk = (id: number, body: Uint8Array): Uint8ArrayList =>
  framed(concat(Uint8Array.of(ASK), u32be(id)), body)

export const encodeWithdrawal = (id: number): Uint8ArrayList =>
  framed(concat(Uint8Array.of(WITHDRAW), u32be(id)))

export interface Asked {
  readonly id: number
  /** Undefined: the request is withdrawn. */
  readonly body: Uint8Array | undefined
}

/** @throws NetError for what is no frame of an asker. */
export function decodeAsked(frame: Uint8Array): Asked {
  const kind = frame[0]
  const isAsk = kind === ASK && frame.length >= ASK_HEAD_BYTES
  const isWithdrawal = kind === WITHDRAW && frame.length === ASK_HEAD_BYTES
  if (!isAsk && !isWithdrawal) throw brokenStream('garbage', 'no frame of a request')
  const id = new DataView(frame.buffer, frame.byteOffset + 1, 4).getUint32(0)
  return { id, body: isAsk ? frame.subarray(ASK_HEAD_BYTES) : undefined }
}

/** One answer on its way out, cut into parts as they are asked for. Nothing is copied. */
export class AnswerParts {
  readonly #id: number
  readonly #left = new Uint8ArrayList()

  constructor(id: number, { result, frames }: Response) {
    this.#id = id
    for (const frame of frames) this.#left.append(new Uint8ArrayList(u32be(frame.length), frame))
    const head = concat(
      Uint8Array.of(RESULT_CODES.indexOf(result)),
      u32be(frames.length),
      u32be(this.#left.byteLength)
    )
    this.#left.prepend(head)
  }

  /** The next frame; undefined when all is out. */
  next(): Uint8ArrayList | undefined {
    if (this.#left.byteLength === 0) return undefined
    const part = this.#left.sublist(0, Math.min(this.#left.byteLength, PART_BYTES_MAX - ID_BYTES))
    this.#left.consume(part.byteLength)
    part.prepend(u32be(this.#id))
    return framed(part)
  }
}

/** @returns the id of a part, and the part behind it. */
export function splitPart(frame: Uint8ArrayList): { readonly id: number; readonly part: Uint8ArrayList } {
  if (frame.byteLength <= ID_BYTES) throw brokenStream('garbage', 'no part of an answer')
  return { id: frame.getUint32(0), part: frame.sublist(ID_BYTES) }
}

/** One answer on its way in. Whatever is against its bounds throws. */
export class AnswerReader {
  readonly #limits: RequestLimits
  readonly #buffered = new Uint8ArrayList()
  readonly #frames: Uint8Array[] = []
  #result: ResultCode | undefined
  #items = 0
  /** Bytes that are still to come; before the head, those it may still declare. */
  #owed: number
  #received = 0

  constructor(limits: RequestLimits) {
    this.#limits = limits
    this.#owed = ANSWER_HEAD_BYTES + limits.responseBytes + LENGTH_BYTES * limits.frames
  }

  get received(): number {
    return this.#received
  }

  get owed(): number {
    return this.#owed
  }

  /** @returns the answer when it is complete. */
  take(part: Uint8ArrayList): Response | undefined {
    this.#received += part.byteLength
    this.#owed -= part.byteLength
    this.#buffered.append(part)
    if (this.#result === undefined && !this.#readHead()) return undefined
    if (this.#owed < 0) throw brokenStream('too-many', 'more bytes than declared')
    this.#readItems()
    if (this.#owed > 0 || this.#result === undefined) return undefined
    if (this.#frames.length !== this.#items || this.#buffered.byteLength > 0)
      throw brokenStream('garbage', 'items do not fill the answer')
    return { result: this.#result, frames: this.#frames }
  }

  #readHead(): boolean {
    if (this.#buffered.byteLength < ANSWER_HEAD_BYTES) return false
    const { frames, responseBytes } = this.#limits
    const result = RESULT_CODES[this.#buffered.get(0)]
    const items = this.#buffered.getUint32(1)
    const bytes = this.#buffered.getUint32(5)
    if (result === undefined) throw brokenStream('garbage', 'no result code')
    if (items > frames) throw brokenStream('too-many', `${items} frames, limit ${frames}`)
    if (bytes - LENGTH_BYTES * items > responseBytes)
      throw brokenStream('too-many', `${bytes} bytes, limit ${responseBytes}`)
    this.#buffered.consume(ANSWER_HEAD_BYTES)
    this.#result = result
    this.#items = items
    this.#owed = bytes - this.#buffered.byteLength
    return true
  }

  #readItems(): void {
    while (this.#buffered.byteLength >= LENGTH_BYTES) {
      const length = this.#buffered.getUint32(0)
      if (length > this.#limits.frameBytes)
        throw brokenStream('oversize', `frame of ${length} bytes, limit ${this.#limits.frameBytes}`)
      const end = LENGTH_BYTES + length
      if (this.#buffered.byteLength < end) return
      if (this.#frames.length >= this.#items) throw brokenStream('too-many', 'more frames than declared')
      this.#frames.push(this.#buffered.slice(LENGTH_BYTES, end))
      this.#buffered.consume(end)
    }
  }
}
