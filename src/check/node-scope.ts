/** What the check of one node's database reads besides the database: the chains of the same directory, and the rest. */
import type { ChainId } from '../primitives/chain-id.ts'
import type { Verifier } from '../crypto/ports.ts'
import type { GenesisConstants } from '../state/types.ts'
import type { SignatureCheck } from './certificates.ts'
import type { StoppedDatabase } from './database.ts'
import type { KnownEpochs } from './epochs.ts'
import type { Report } from './findings.ts'
import type { SignedStatements } from './statements.ts'
import type { WalkedChain } from './walk.ts'

export interface NodeRows {
  readonly directory: string
  readonly constants: GenesisConstants
  readonly database: StoppedDatabase
  readonly epochs: KnownEpochs
  /** The chains of the same directory. */
  readonly chains: ReadonlyMap<ChainId, WalkedChain>
  readonly signatures: SignatureCheck
  readonly statements: SignedStatements
  readonly verifier: Verifier
  readonly report: Report
}
