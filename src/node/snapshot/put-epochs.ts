/** What a chain keeps for ever, into an import: its boundaries, and on `coord` every epoch snapshot with its proof. */
import { COORD } from '../../primitives/chain-id.ts'
import type { JudgedManifest } from '../../chain/light.ts'
import { encodeSnapshot } from '../../sharding/snapshot.ts'
import type { ChainImport } from '../../store/chain-import.ts'
import type { LightWalk } from './light-walk.ts'

export async function putEpochs(
  target: ChainImport,
  walk: LightWalk,
  { epoch, next, manifest }: JudgedManifest
): Promise<void> {
  const steps = [...walk.steps].filter(([of]) => of <= epoch).sort(([a], [b]) => a - b)
  const snapshots: Parameters<ChainImport['putEpochs']>[1][number][] = []
  if (manifest.tip.header.chain === COORD) {
    for (let of = 0; of <= next; of++) {
      const snapshot = walk.snapshot(of)
      const proof = walk.steps.get(of - 1)?.next[0]
      if (snapshot === undefined) continue
      const bytes = encodeSnapshot(snapshot)
      snapshots.push(proof === undefined ? { epoch: of, bytes } : { epoch: of, bytes, proof })
    }
  }
  await target.putEpochs(
    steps.map(([, { boundary }]) => boundary),
    snapshots
  )
}
