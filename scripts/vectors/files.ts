/** The vector files that are generated, by name. Files from elsewhere (another reader's, another layer's) may lie beside them. */
import { atomic } from './atomic.ts'
import { cooperation } from './cooperation.ts'
import { emission } from './emission.ts'
import { evidence } from './evidence.ts'
import { gossip } from './gossip.ts'
import * as objects from './objects.ts'
import { toText } from './plain.ts'
import type { Plain } from './plain.ts'
import { signatures } from './signatures.ts'
import * as trees from './trees.ts'

const BUILDERS: Readonly<Record<string, () => Plain>> = {
  'addresses.json': objects.addresses,
  'transactions.json': objects.transactions,
  'headers.json': objects.headers,
  'votes.json': objects.votes,
  'certificates.json': objects.certificates,
  'objects.json': trees.objects,
  'roots.json': trees.roots,
  'proofs.json': trees.proofs,
  'signatures.json': signatures,
  'gossip.json': gossip,
  'evidence.json': evidence,
  'atomic.json': atomic,
  'emission.json': emission,
  'cooperation.json': cooperation
}

/** Text by file name. */
export const vectorFiles = (): Map<string, string> =>
  new Map(Object.entries(BUILDERS).map(([name, build]) => [name, toText(build())]))
