/**
 * A file that carries the snapshots of a node's chains: for each chain its epoch steps from the first one, the manifest,
 * the chunks in order and the block's body, each as a frame. Nothing in it is trusted: whoever imports it verifies
 * committees from the genesis on, as over the network.
 *
 *   magic ‖ network id ‖ frames: kind (1) ‖ length (4) ‖ bytes
 */
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { concat, equal, u32be, utf8 } from '../../primitives/bytes.ts'
import { accept, refuse } from '../../primitives/result.ts'
import type { Verdict } from '../../primitives/result.ts'

export const FRAME_CHAIN = 1
export const FRAME_STEP = 2
export const FRAME_MANIFEST = 3
export const FRAME_CHUNK = 4
export const FRAME_BODY = 5
export const FRAME_BLOCK = 6
export const FRAME_CERTIFICATE = 7
export const FRAME_END = 8

export interface Frame {
  readonly kind: number
  readonly bytes: Uint8Array
}

/** Above every frame's own bound. */
const FRAME_BYTES_MAX = 8 * 1024 * 1024
const HEAD_BYTES = 5
const NETWORK_BYTES = 32

export type FileMagic = 'icn-snapshot-1\n' | 'icn-chain-1\n'

export class FrameWriter {
  readonly #file: FileHandle

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Never overwrites. @throws what the system says */
  static async create(path: string, magic: FileMagic, network: Uint8Array): Promise<FrameWriter> {
    const file = await open(path, 'wx')
    await file.write(concat(utf8(magic), network))
    return new FrameWriter(file)
  }

  async write(kind: number, bytes: Uint8Array): Promise<void> {
    await this.#file.write(concat(Uint8Array.of(kind), u32be(bytes.length), bytes))
  }

  async close(): Promise<void> {
    await this.#file.sync()
    await this.#file.close()
  }
}

export class FrameReader {
  readonly #file: FileHandle
  #at: number
  readonly size: number

  private constructor(file: FileHandle, at: number, size: number) {
    this.#file = file
    this.#at = at
    this.size = size
  }

  static async open(
    path: string,
    magic: FileMagic,
    network: Uint8Array
  ): Promise<Verdict<FrameReader, 'not-this-kind' | 'other-network'>> {
    const file = await open(path, 'r')
    const { size } = await file.stat()
    const head = await read(file, 0, magic.length + NETWORK_BYTES)
    const isKind = head !== undefined && equal(head.subarray(0, magic.length), utf8(magic))
    const isOurs = isKind && equal(head.subarray(magic.length), network)
    if (isOurs) return accept(new FrameReader(file, head.length, size))
    await file.close()
    return isKind
      ? refuse('other-network', 'it belongs to another network')
      : refuse('not-this-kind', 'it is no such export')
  }

  get position(): number {
    return this.#at
  }

  /** The next frame; refused when the file ends in the middle of one, or without its end. */
  async next(): Promise<Verdict<Frame, 'cut'>> {
    const head = await read(this.#file, this.#at, HEAD_BYTES)
    if (head === undefined) return refuse('cut', 'the file ends early')
    const length = new DataView(head.buffer, head.byteOffset).getUint32(1)
    if (length > FRAME_BYTES_MAX) return refuse('cut', `a frame of ${length} bytes`)
    const bytes = await read(this.#file, this.#at + HEAD_BYTES, length)
    if (bytes === undefined) return refuse('cut', 'the file ends early')
    this.#at += HEAD_BYTES + length
    return accept({ kind: head[0] ?? 0, bytes })
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

async function read(file: FileHandle, at: number, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done)
    if (bytesRead === 0) return undefined
    done += bytesRead
  }
  return bytes
}
