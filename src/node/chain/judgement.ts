/** The part of a judgement (C7) that follows from where a block stands: its epoch and its parent. */
import { must } from '../../primitives/errors.ts'
import type { Header } from '../../codec/block.ts'
import type { Judgement } from '../../chain/judge.ts'
import type { EpochSnapshot } from '../../sharding/types.ts'
import type { GenesisConstants } from '../../state/types.ts'
import type { Ground } from './block-tree.ts'

type OfPlace =
  | 'network'
  | 'epoch'
  | 'shards'
  | 'params'
  | 'committee'
  | 'schedule'
  | 'parent'
  | 'view'
  | 'attendance'

/** What nodes that execute blocks as they come and nodes that catch up judge a block by alike. */
export const judgementOfPlace = (
  { chain, epoch }: Header,
  parent: Ground,
  snapshot: EpochSnapshot,
  { network, shards }: GenesisConstants,
  schedule: Judgement['schedule']
): Pick<Judgement, OfPlace> => ({
  network,
  epoch,
  shards,
  params: snapshot.params,
  committee: must(snapshot.committees.get(chain), 'every chain has a committee'),
  schedule,
  parent: {
    header: parent.header,
    hash: parent.hash,
    isBase: parent.header.height === 0 || parent.header.epoch < epoch
  },
  view: parent.state,
  attendance: parent.attendance
})
