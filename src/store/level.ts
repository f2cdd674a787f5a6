/**
 * The store port on LevelDB. What the library does differently from the port is hidden here: values come back as
 * Buffers that share memory with their neighbours, errors are wrapped, and a missing database would be created.
 */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { StoreError } from './errors.ts'
import type { KeyValueStore, Range, Write } from './ports.ts'

/**
 * Of unpacked blocks: their tables are mapped, and rows that are read again stand in the state's own cache. A node has a
 * database for each chain and one of its own, so these count several times.
 */
const CACHE_BYTES = 2 * 1024 * 1024
/** Two of these per database bound its memory. */
const WRITE_BUFFER_BYTES = 4 * 1024 * 1024

/** Rows that one thread of the pool reads at a time. */
const READ_TOGETHER = 256

/** Prefixes of buckets lie between (buckets.ts). */
const FIRST_KEY = Uint8Array.of(0)
const LAST_KEY = Uint8Array.of(0xff)

/**
 * While much is written once: more is kept in memory, so that tables are fewer and larger, and nothing is compressed,
 * since most of it are hashes. Tables that a later merge writes are as ever: were these larger, too, LevelDB would put a
 * table of the import that overlaps an earlier one where it is merged with it at once, and not where several may wait.
 */
const LOADING = { writeBufferSize: 32 * 1024 * 1024, compression: false } as const

type Database = ClassicLevel<Uint8Array, Uint8Array>

/**
 * @param options.isNew create the database if it is not there; a database that should exist is never created, because
 * an empty one in the place of a lost one would forget what this node signed.
 * @param options.loads much will be written once, and little read
 * @param options.compresses false: what is written would not become smaller
 * @throws StoreError STORE_LOCKED, STORE_MISSING, STORE_CORRUPT, STORE_IO
 */
export async function openLevel(
  path: string,
  options: { readonly isNew: boolean; readonly loads?: boolean; readonly compresses?: false }
): Promise<KeyValueStore> {
  const database: Database = new ClassicLevel<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    createIfMissing: options.isNew,
    cacheSize: CACHE_BYTES,
    writeBufferSize: WRITE_BUFFER_BYTES,
    ...(options.loads === true ? LOADING : {}),
    ...(options.compresses === false ? { compression: false } : {})
  })
  try {
    await database.open()
  } catch (error) {
    throw await openError(error, path)
  }
  return new LevelStore(database)
}

class LevelStore implements KeyValueStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  get(key: Uint8Array): Uint8Array | undefined {
    try {
      const value = this.#database.getSync(key)
      return value === undefined ? undefined : plain(value)
    } catch (error) {
      throw operationError(error, this.#database.location)
    }
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    try {
      const parts: Promise<(Uint8Array | undefined)[]>[] = []
      for (let at = 0; at < keys.length; at += READ_TOGETHER) {
        parts.push(this.#database.getMany(keys.slice(at, at + READ_TOGETHER)))
      }
      const values = (await Promise.all(parts)).flat()
      return values.map((value) => (value === undefined ? undefined : plain(value)))
    } catch (error) {
      throw operationError(error, this.#database.location)
    }
  }

  async batch(writes: readonly Write[], options: { readonly sync: boolean }): Promise<void> {
    try {
      // Chained: half the time of an array, whose operations the library copies one by one.
      const batch = this.#database.batch()
      for (const write of writes) {
        if (write.type === 'put') batch.put(write.key, write.value)
        else batch.del(write.key)
      }
      await batch.write({ sync: options.sync })
    } catch (error) {
      throw operationError(error, this.#database.location)
    }
  }

  /**
   * A synced batch takes along what stands before it in the same log. LevelDB begins another log when its buffer is full
   * and keeps the old one until a table is made of it, which nothing waits for.
   */
  async flush(): Promise<void> {
    const { location } = this.#database
    if (this.#database.status !== 'open') throw new StoreError({ code: 'STORE_CLOSED', path: location })
    try {
      const logs = (await readdir(location)).filter((name) => name.endsWith('.log'))
      await Promise.all(logs.map(async (name) => syncFile(join(location, name))))
    } catch (error) {
      throw new StoreError({ code: 'STORE_IO', path: location }, undefined, { cause: error })
    }
  }

  async *range(range: Range): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    const { gte, lt, reverse = false, limit = -1 } = range
    try {
      for await (const [key, value] of this.#database.iterator({ gte, lt, reverse, limit })) {
        yield [plain(key), plain(value)]
      }
    } catch (error) {
      throw operationError(error, this.#database.location)
    }
  }

  async pack(): Promise<void> {
    try {
      await this.#database.compactRange(FIRST_KEY, LAST_KEY)
    } catch (error) {
      throw operationError(error, this.#database.location)
    }
  }

  /** A range without a key: nothing is merged, but what is in memory is written to a table. */
  async settle(): Promise<void> {
    try {
      await this.#database.compactRange(LAST_KEY, LAST_KEY)
    } catch (error) {
      throw operationError(error, this.#database.location)
    }
  }

  async diskBytes(): Promise<number> {
    try {
      return await this.#database.approximateSize(FIRST_KEY, LAST_KEY)
    } catch (error) {
      throw operationError(error, this.#database.location)
    }
  }

  async close(): Promise<void> {
    try {
      await this.#database.close()
    } catch (error) {
      throw operationError(error, this.#database.location)
    }
  }
}

/** A log that is gone meanwhile is in a table, which LevelDB has synced. */
async function syncFile(path: string): Promise<void> {
  let file
  try {
    file = await open(path, 'r+')
    await file.datasync()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  } finally {
    await file?.close()
  }
}

/**
 * A Buffer is a Uint8Array whose `slice` aliases and whose memory may hold other rows; callers keep what they get. One
 * that has its memory for itself is only shown as what it is.
 */
const plain = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes)

/** The library wraps: the reason is in `cause`, and a missing database has a sentence instead of a code. */
async function openError(error: unknown, path: string): Promise<unknown> {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = codeOf(cause)
  if (code === 'LEVEL_LOCKED') {
    const message = `STORE_LOCKED: ${path} is in use by another process: stop that node first`
    return new StoreError({ code: 'STORE_LOCKED', path }, message, { cause })
  }
  if (code === 'LEVEL_CORRUPTION') return corruptDatabase(path, cause)
  const message = cause instanceof Error ? cause.message : ''
  if (message.includes('does not exist')) {
    // LevelDB says the same of a directory that lost its CURRENT file.
    const files = await readdir(path).catch(() => [])
    if (files.some((name) => name.startsWith('MANIFEST'))) return corruptDatabase(path, cause)
    return new StoreError({ code: 'STORE_MISSING', path }, undefined, { cause })
  }
  if (/(MANIFEST|\.ldb).*No such file/.test(message)) return corruptDatabase(path, cause)
  return new StoreError({ code: 'STORE_IO', path }, undefined, { cause })
}

function operationError(error: unknown, path: string): unknown {
  const code = codeOf(error)
  if (code === 'LEVEL_CORRUPTION') return corruptDatabase(path, error)
  if (code === 'LEVEL_DATABASE_NOT_OPEN' || code === 'LEVEL_ITERATOR_NOT_OPEN') {
    return new StoreError({ code: 'STORE_CLOSED', path }, undefined, { cause: error })
  }
  if (code === 'LEVEL_IO_ERROR')
    return new StoreError({ code: 'STORE_IO', path }, undefined, { cause: error })
  return error
}

const corruptDatabase = (path: string, cause: unknown): StoreError =>
  new StoreError({ code: 'STORE_CORRUPT', bucket: 'database', key: path }, undefined, { cause })

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
