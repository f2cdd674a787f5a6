/**
 * The coordination block at a checkpoint's height, below a snapshot (SYN-11): what an operator vouches for is not
 * executed at a fast start, so it has to be proven. Ends of epochs come with the walk (SNAP-7); any other block is asked
 * of whoever still holds it, with a certificate of a block above.
 */
import { blockHash } from '../../codec/block.ts'
import { HeaderRangeType } from '../../codec/sync-messages.ts'
import type { Network, Peer } from '../../net/types.ts'
import type { ChainId } from '../../primitives/chain-id.ts'
import { readHeaderRun } from '../../sync/header-run.ts'
import type { LightWalk } from './light-walk.ts'

export interface CheckpointProofInit {
  readonly chain: ChainId
  readonly network: Uint8Array
  readonly height: number
}

/** @returns its hash; undefined when nobody proves it */
export async function provenHash(
  network: Pick<Network, 'request' | 'report'>,
  walk: LightWalk,
  init: CheckpointProofInit,
  peers: readonly Peer[]
): Promise<Uint8Array | undefined> {
  const known = hashInWalk(walk, init.height)
  if (known !== undefined) return known
  for (const peer of peers) {
    const hash = await askedHash(network, walk, init, peer)
    if (hash !== undefined) return hash
  }
  return undefined
}

/** Headers of a step link to what its certificates prove. */
function hashInWalk(walk: LightWalk, height: number): Uint8Array | undefined {
  for (const { boundary, next } of walk.steps.values()) {
    const headers = [boundary.header, ...next.flatMap((proof) => proof.headers)]
    const found = headers.find((header) => header.height === height)
    if (found !== undefined) return blockHash(found)
  }
  return undefined
}

async function askedHash(
  network: Pick<Network, 'request' | 'report'>,
  walk: LightWalk,
  { chain, network: id, height }: CheckpointProofInit,
  peer: Peer
): Promise<Uint8Array | undefined> {
  const body = HeaderRangeType.serialize({ chain, from: height, limit: 1 })
  const { result, frames } = await network.request(peer, 'headers', body)
  if (result !== 'ok') return undefined
  const run = readHeaderRun(frames, { network: id, chain, from: height })
  if (!run.ok) {
    network.report(peer, 'invalid', `headers: ${run.detail}`)
    return undefined
  }
  const [part] = run.value.parts
  const holds = part && (await walk.holds(part.certificate, part.epoch))
  if (holds === false) network.report(peer, 'invalid', 'headers: the certificate does not hold')
  return holds === true ? run.value.headers[0]?.hash : undefined
}
