/** A database that an import fills, and one beside it for chunks that wait. */
import type { ImportStores } from '../../src/store/chain-import.ts'
import { MemoryDisk } from '../../src/store/memory.ts'
import type { KeyValueStore } from '../../src/store/ports.ts'

/** @param chunks @default a disk that nobody opens again */
export const importStores = (database: KeyValueStore, chunks = new MemoryDisk()): ImportStores => ({
  database,
  chunks: chunks.open()
})
