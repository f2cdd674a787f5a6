/** What a database says of itself, and whether this program may open it (D8: newer is refused, older migrated). */
import { equal, toHex } from '../primitives/bytes.ts'
import { chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { corrupt } from './buckets.ts'
import type { Bucket } from './buckets.ts'
import { StoreError } from './errors.ts'

interface Identity {
  readonly schema: number
  readonly network: Uint8Array
  readonly chain?: ChainId
}

/**
 * The schema number is read before the rest: a newer program may have changed everything behind it.
 * @param oldest version that is still read or migrated
 * @throws StoreError STORE_VERSION_NEWER, STORE_VERSION_OLDER, STORE_CORRUPT
 */
export function checkSchema(
  bytes: Uint8Array,
  supported: number,
  of: Bucket,
  key: Uint8Array,
  oldest = 1
): void {
  if (bytes.length < 4) throw corrupt(of, key)
  const found = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  if (found > supported) throw new StoreError({ code: 'STORE_VERSION_NEWER', found, supported })
  // There is no version below 1.
  if (found < 1) throw corrupt(of, key)
  if (found >= oldest) return
  throw new StoreError(
    { code: 'STORE_VERSION_OLDER', found, oldest },
    `STORE_VERSION_OLDER (found=${found}, oldest=${oldest}): use the version that wrote it, or delete the database of this chain, never the node's, and start: it is synced again`
  )
}

/** @throws StoreError STORE_NETWORK_DIFFERS, STORE_CHAIN_DIFFERS */
export function checkIdentity(found: Identity, expected: Omit<Identity, 'schema'>): void {
  if (!equal(found.network, expected.network)) {
    throw new StoreError({
      code: 'STORE_NETWORK_DIFFERS',
      expected: toHex(expected.network),
      found: toHex(found.network)
    })
  }
  if (found.chain !== undefined && expected.chain !== undefined && found.chain !== expected.chain) {
    throw new StoreError({
      code: 'STORE_CHAIN_DIFFERS',
      expected: chainName(expected.chain),
      found: chainName(found.chain)
    })
  }
}
