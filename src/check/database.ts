/**
 * One LevelDB database of a stopped node, read row by row. LevelDB cannot open a database without recovering its log,
 * so its files may be rewritten; no row is ever changed.
 */
import { readdir } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { concat } from '../primitives/bytes.ts'
import { CheckError, DamagedDatabase } from './errors.ts'

type Level = ClassicLevel<Uint8Array, Uint8Array>

/** Bytes that the library reads ahead of an iterator. */
const READ_AHEAD_BYTES = 1024 * 1024

export class StoppedDatabase {
  readonly path: string
  readonly #level: Level

  private constructor(path: string, level: Level) {
    this.path = path
    this.#level = level
  }

  /** @throws CheckError CHECK_IN_USE, CHECK_DISK; DamagedDatabase */
  static async open(path: string): Promise<StoppedDatabase> {
    const level: Level = new ClassicLevel<Uint8Array, Uint8Array>(path, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      createIfMissing: false
    })
    try {
      await level.open()
    } catch (error) {
      throw await openError(error, path)
    }
    return new StoppedDatabase(path, level)
  }

  get(prefix: number, ...parts: readonly Uint8Array[]): Uint8Array | undefined {
    try {
      const value = this.#level.getSync(concat(Uint8Array.of(prefix), ...parts))
      return value === undefined ? undefined : plain(value)
    } catch (error) {
      throw readError(error, this.path)
    }
  }

  /** Rows of one bucket in key order; keys without the prefix. */
  async *rows(prefix: number): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]> {
    const range = { gte: Uint8Array.of(prefix), lt: Uint8Array.of(prefix + 1) }
    try {
      for await (const [key, value] of this.#level.iterator({
        ...range,
        highWaterMarkBytes: READ_AHEAD_BYTES
      })) {
        yield [plain(key).subarray(1), plain(value)]
      }
    } catch (error) {
      throw readError(error, this.path)
    }
  }

  /** Keys of one bucket in order, without the prefix. */
  async *keys(prefix: number): AsyncIterable<Uint8Array> {
    const range = { gte: Uint8Array.of(prefix), lt: Uint8Array.of(prefix + 1) }
    try {
      for await (const key of this.#level.keys({ ...range, highWaterMarkBytes: READ_AHEAD_BYTES })) {
        yield plain(key).subarray(1)
      }
    } catch (error) {
      throw readError(error, this.path)
    }
  }

  /** Whole keys from one prefix on, whatever bucket they pretend to be of. */
  async *keysFrom(prefix: number): AsyncIterable<Uint8Array> {
    try {
      for await (const key of this.#level.keys({ gte: Uint8Array.of(prefix) })) yield plain(key)
    } catch (error) {
      throw readError(error, this.path)
    }
  }

  async isEmpty(): Promise<boolean> {
    for await (const _key of this.keysFrom(0)) return false
    return true
  }

  async close(): Promise<void> {
    await this.#level.close()
  }
}

/** A Buffer's `slice` aliases its memory, which is the library's; the codec and the caches here keep what they get. */
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

async function openError(error: unknown, path: string): Promise<unknown> {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = codeOf(cause)
  const reason = cause instanceof Error ? cause.message : String(cause)
  if (code === 'LEVEL_LOCKED') return new CheckError({ code: 'CHECK_IN_USE', path }, undefined, { cause })
  const files = await readdir(path).catch(() => [])
  // LevelDB says of a lost CURRENT file that the database does not exist, and of a lost table that the disk failed.
  const lost = /does not exist|(MANIFEST|\.ldb|\.log).*No such file/.test(reason) && files.length > 0
  if (code === 'LEVEL_CORRUPTION' || lost) {
    return new DamagedDatabase({ code: 'CHECK_DAMAGED', path, reason }, undefined, { cause })
  }
  return new CheckError({ code: 'CHECK_DISK', path, reason }, undefined, { cause })
}

function readError(error: unknown, path: string): unknown {
  const code = codeOf(error)
  const reason = error instanceof Error ? error.message : String(error)
  if (code === 'LEVEL_CORRUPTION') {
    return new DamagedDatabase({ code: 'CHECK_DAMAGED', path, reason }, undefined, { cause: error })
  }
  if (code === 'LEVEL_IO_ERROR') {
    return new CheckError({ code: 'CHECK_DISK', path, reason }, undefined, { cause: error })
  }
  return error
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
