/** What lies where in a data directory D (docs/storage.md). The only place that joins these names. */
import { join } from 'node:path'
import { chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'

export interface DataPaths {
  readonly genesis: string
  readonly config: string
  /** The libp2p key. */
  readonly nodeKey: string
  /** Who can read it may call `admin_*`. */
  readonly adminToken: string
  /** pid and addresses, while the node runs. */
  readonly running: string
  /** The database that holds the journal and the sign guard. */
  readonly nodeDatabase: string
  chainDatabase(chain: ChainId): string
}

export const dataPaths = (data: string): DataPaths => ({
  genesis: join(data, 'genesis.json'),
  config: join(data, 'config.json'),
  nodeKey: join(data, 'keys', 'node.json'),
  adminToken: join(data, 'admin.token'),
  running: join(data, 'node.json'),
  nodeDatabase: join(data, 'db', 'node'),
  chainDatabase: (chain) => join(data, 'db', chainName(chain))
})
