/** Reads all headers of a chain from a node and audits what they emit (EMI-4), up to a header that is proven final. */
import { EmissionAudit } from '../chain/emission-audit.ts'
import { buildChainGenesis } from '../chain/genesis-block.ts'
import type { Header } from '../codec/block.ts'
import type { Genesis } from '../params/genesis.ts'
import { genesisShare } from '../params/supply.ts'
import { fromHex, toHex } from '../primitives/bytes.ts'
import { parseChain } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import { accept, refuse } from '../primitives/result.ts'
import type { Verdict } from '../primitives/result.ts'
import type { Client } from './client.ts'
import type { AuditedChain } from './supply-proof.ts'
import type { HeaderJson } from './types.ts'

export interface AuditedEmission {
  readonly headers: number
  readonly consumer: bigint
  readonly industrial: bigint
}

export type EmissionAuditCode = 'not-linked' | 'wrong-reward' | 'headers-missing' | 'wrong-reserve'

/** Headers in one answer of `chain_blocks`. */
const PAGE = 200

/** @param proven what the supply proof shows of the chain: the last header, and what its reserve holds */
export async function auditEmission(
  client: Client,
  genesis: Genesis,
  proven: AuditedChain
): Promise<Verdict<AuditedEmission, EmissionAuditCode>> {
  const chain = must(parseChain(proven.place.chain), 'a proven chain is a chain')
  const { reserve } = genesisShare(genesis, chain)
  const audit = new EmissionAudit(genesis.params, reserve, buildChainGenesis(genesis, chain).block.hash)
  const { height, hash } = proven.place
  while (audit.tip.height < height) {
    const from = audit.tip.height + 1
    const limit = Math.min(PAGE, height - audit.tip.height)
    const { blocks } = await client.call('chain_blocks', { chain: proven.place.chain, from, limit })
    if (blocks.length === 0) return refuse('headers-missing', `none from height ${from} on`)
    for (const { header } of blocks) {
      const added = audit.add(headerOf(header))
      if (!added.ok) return added
    }
  }
  if (toHex(audit.tip.hash) !== hash) {
    return refuse('not-linked', `the headers end with ${toHex(audit.tip.hash)} instead of ${hash}`)
  }
  const isHeld =
    audit.reserve.consumer === proven.consumer.reserve &&
    audit.reserve.industrial === proven.industrial.reserve
  return isHeld
    ? accept({ headers: height, ...audit.emitted })
    : refuse(
        'wrong-reserve',
        `the state holds another reserve than the headers of ${proven.place.chain} leave`
      )
}

/** The header that a node wrote out; what it misstates gives another hash. */
export function headerOf(json: HeaderJson): Header {
  const { reward, network, parent, proposer, ...rest } = json
  return {
    ...rest,
    chain: must(parseChain(json.chain), 'a node names a chain'),
    network: fromHex(network, 32),
    parent: fromHex(parent, 32),
    coordHash: fromHex(json.coordHash, 32),
    transactionsRoot: fromHex(json.transactionsRoot, 32),
    bodyHash: fromHex(json.bodyHash, 32),
    deliveriesRoot: fromHex(json.deliveriesRoot, 32),
    receiptsOutRoot: fromHex(json.receiptsOutRoot, 32),
    attendanceRoot: fromHex(json.attendanceRoot, 32),
    stateRoot: fromHex(json.stateRoot, 32),
    rewardConsumer: BigInt(reward.consumer),
    rewardIndustrial: BigInt(reward.industrial),
    proposer: fromHex(proposer, 32)
  }
}
