/** The storage port: classic-level in the node, a crashable memory disk in the simulator. One contract suite runs on both. */

export type Write =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

export interface Range {
  /** Inclusive. */
  readonly gte: Uint8Array
  /** Exclusive. */
  readonly lt: Uint8Array
  readonly reverse?: boolean
  readonly limit?: number
}

export interface KeyValueStore {
  /** Synchronous: state transition is synchronous, and this is 10 × cheaper than an awaited read. */
  get(key: Uint8Array): Uint8Array | undefined
  /** In the order of the keys, read off this thread: a fifth of the time that it takes here, and on several cores. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>
  /**
   * Atomic. With `sync` durable once resolved. Without, a power cut may take it although a later, synced one is there:
   * what must not stand without it waits for `flush`.
   */
  batch(writes: readonly Write[], options: { readonly sync: boolean }): Promise<void>
  /** All batches of before are durable once resolved. */
  flush(): Promise<void>
  range(range: Range): AsyncIterable<readonly [Uint8Array, Uint8Array]>
  /** Gives back the room of deleted and replaced rows. Absent where none is taken. */
  pack?(): Promise<void>
  /** What was written lies in files apart from those of all that comes later. Absent where nothing lies in files. */
  settle?(): Promise<void>
  /** Bytes of everything on disk, about. */
  diskBytes?(): Promise<number>
  close(): Promise<void>
}
