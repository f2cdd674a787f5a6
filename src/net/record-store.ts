/**
 * The datastore of libp2p with a door in front of provider records: DHT servers would keep one for any content id that
 * anybody announces, without a cap. Here those of shard namespaces are kept, so many each and so many in all (DIS-16).
 */
import { KeyTransformDatastore, MemoryDatastore } from 'datastore-core'
import { DISCOVERY_LIMITS } from './discovery/limits.ts'

export type Datastore = ConstructorParameters<typeof KeyTransformDatastore>[0]
type Key = Parameters<Datastore['put']>[0]
type PutOptions = Parameters<Datastore['put']>[2]
type DeleteOptions = Parameters<Datastore['delete']>[1]

const PREFIX = '/dht/provider/'
const identity = (key: Key): Key => key

export class RecordStore extends KeyTransformDatastore {
  /** Keys of the records that are kept, by namespace. */
  readonly #kept: ReadonlyMap<string, Set<string>>
  #count = 0

  /** @param namespaces as provider keys name them */
  constructor(inner: Datastore = new MemoryDatastore(), namespaces: readonly string[] = []) {
    super(inner, { convert: identity, invert: identity })
    this.#kept = new Map(namespaces.map((name) => [name, new Set()]))
  }

  /** Provider records that are kept. */
  get providers(): number {
    return this.#count
  }

  override async put(key: Key, value: Uint8Array, options?: PutOptions): Promise<Key> {
    const name = key.toString()
    if (name.startsWith(PREFIX)) this.#admit(name)
    return super.put(key, value, options)
  }

  override async delete(key: Key, options?: DeleteOptions): Promise<void> {
    const name = key.toString()
    if (this.#namespaceOf(name)?.delete(name) === true) this.#count -= 1
    await super.delete(key, options)
  }

  #admit(name: string): void {
    const kept = this.#namespaceOf(name)
    if (kept === undefined) throw new RangeError('provider records of other namespaces are not kept')
    if (kept.has(name)) return
    if (kept.size >= DISCOVERY_LIMITS.providersPerShard || this.#count >= DISCOVERY_LIMITS.providers)
      throw new RangeError('no room for another provider record')
    kept.add(name)
    this.#count += 1
  }

  #namespaceOf(name: string): Set<string> | undefined {
    return name.startsWith(PREFIX)
      ? this.#kept.get(name.slice(PREFIX.length).split('/', 1)[0] ?? '')
      : undefined
  }
}
