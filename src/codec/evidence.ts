/** Two statements by one key that no honest key makes together: a self-contained proof of equivocation (C30). */
import { Bytes32, ContainerType } from './ssz.ts'
import type { ValueOf } from './ssz.ts'
import { VoteType } from './statement.ts'

export const EvidenceType = new ContainerType(
  { network: Bytes32, publicKey: Bytes32, first: VoteType, second: VoteType },
  { typeName: 'Evidence' }
)
export type Evidence = ValueOf<typeof EvidenceType>
