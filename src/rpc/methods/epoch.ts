/** Methods about epochs, their committees and parameters, and the genesis. */
import type { ChainId } from '../../primitives/chain-id.ts'
import { COORD } from '../../primitives/chain-id.ts'
import { toHex } from '../../primitives/bytes.ts'
import { accept } from '../../primitives/result.ts'
import type { Committee, EpochSnapshot } from '../../sharding/types.ts'
import { committeeJson } from '../json.ts'
import { method } from '../method.ts'
import type { Method } from '../method.ts'
import { chainParam, integerParam, optional } from '../params.ts'
import type { Answer, NodePort } from '../port.ts'
import { chainRefusal, refused } from '../refusals.ts'

const epochParam = integerParam('epoch', 0)

function committeeOf(
  port: NodePort,
  chain: ChainId,
  epoch: number | undefined
): Answer<{ snapshot: EpochSnapshot; committee: Committee }> {
  const snapshot = port.snapshot(chain, epoch)
  const committee = snapshot?.committees.get(chain)
  if (snapshot === undefined || committee === undefined) {
    return refused('EPOCH_UNKNOWN', 'no snapshot of that epoch here', { running: port.head(chain).epoch })
  }
  return accept({ snapshot, committee })
}

const epochGet = method('epoch_get', {
  summary: 'Seed, heights and committee of a chain’s epoch (the running one if absent)',
  params: { chain: chainParam, epoch: optional(epochParam) },
  call(port, { chain, epoch }) {
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const found = committeeOf(port, chain, epoch)
    if (!found.ok) return found
    const { snapshot, committee } = found.value
    const { epochLength, freezeDistance } = snapshot.params
    const last = (snapshot.epoch + 1) * epochLength
    return accept({
      ...committeeJson(committee, snapshot.epoch),
      seed: toHex(snapshot.seed),
      coordHeights: { first: last - epochLength + 1, last, freeze: last - freezeDistance }
    })
  }
})

const validatorList = method('validator_list', {
  summary: 'Committee of a chain in an epoch, with quorum, faults tolerated and cooperatives per quorum',
  params: { chain: chainParam, epoch: optional(epochParam) },
  call(port, { chain, epoch }) {
    const refusal = chainRefusal(port, chain)
    if (refusal !== undefined) return refusal
    const found = committeeOf(port, chain, epoch)
    return found.ok ? accept(committeeJson(found.value.committee, found.value.snapshot.epoch)) : found
  }
})

const paramsGet = method('params_get', {
  summary: 'Consensus parameters of an epoch (the running one of coord if absent)',
  params: { epoch: optional(epochParam) },
  call(port, { epoch }) {
    const found = committeeOf(port, COORD, epoch)
    return found.ok
      ? accept({ epoch: found.value.snapshot.epoch, params: found.value.snapshot.params })
      : found
  }
})

const genesisGet = method('genesis_get', {
  summary: 'The genesis of this network, with its id',
  params: {},
  call: (port) => accept({ network: toHex(port.info().network), genesis: port.genesis() })
})

export const epochMethods: readonly Method[] = [epochGet, paramsGet, genesisGet, validatorList]
