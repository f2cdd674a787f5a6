/**
 * The datastore of libp2p with one door closed: DHT servers would keep a provider record for any content id that
 * anybody announces, without a cap. We announce none, so none is kept (REQ-9).
 */
import { KeyTransformDatastore, MemoryDatastore } from 'datastore-core'

export type Datastore = ConstructorParameters<typeof KeyTransformDatastore>[0]
type Key = Parameters<Datastore['put']>[0]
type PutOptions = Parameters<Datastore['put']>[2]

const identity = (key: Key): Key => key

export class RecordStore extends KeyTransformDatastore {
  constructor(inner: Datastore = new MemoryDatastore()) {
    super(inner, { convert: identity, invert: identity })
  }

  override async put(key: Key, value: Uint8Array, options?: PutOptions): Promise<Key> {
    if (key.toString().startsWith('/dht/provider/')) throw new RangeError('provider records are not kept')
    return super.put(key, value, options)
  }
}
