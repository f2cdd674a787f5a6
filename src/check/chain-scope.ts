/** What the check of one chain's rows reads: the database, what the walk over its blocks found, and the rules. */
import type { Genesis } from '../params/genesis.ts'
import type { SignatureCheck } from './certificates.ts'
import type { StoppedDatabase } from './database.ts'
import type { KnownEpochs } from './epochs.ts'
import type { Report } from './findings.ts'
import type { WalkedChain } from './walk.ts'

export interface ChainRows {
  readonly directory: string
  readonly network: Uint8Array
  readonly genesis: Genesis
  /** Of the coordination chain. */
  readonly genesisHash: Uint8Array
  readonly database: StoppedDatabase
  readonly walked: WalkedChain
  readonly signatures: SignatureCheck
  readonly epochs: KnownEpochs
  readonly report: Report
}
