/** Blocks, statements and records that only the store looks at: hash-linked and well-formed, not executable. */
import { BitArray } from '@chainsafe/ssz'
import { ZERO_HASH, toHex } from '../../../src/primitives/bytes.ts'
import type { Hex } from '../../../src/primitives/bytes.ts'
import { COORD } from '../../../src/primitives/chain-id.ts'
import type { ChainId } from '../../../src/primitives/chain-id.ts'
import { sha256 } from '../../../src/crypto/hash.ts'
import { BodyType, blockHash, bodyHash } from '../../../src/codec/block.ts'
import type { Block, Body, Header } from '../../../src/codec/block.ts'
import { FINALISE, NULLIFY } from '../../../src/codec/statement.ts'
import type { Certificate, Statement, StatementKind, Vote } from '../../../src/codec/statement.ts'
import type { StateChanges } from '../../../src/state/ports.ts'
import type { FinalBlock, Genesis } from '../../../src/store/chain-store.ts'

export const NETWORK: Uint8Array = new Uint8Array(32).fill(7)

export const hashOf = (seed: number): Uint8Array => sha256(Uint8Array.of(seed >> 8, seed & 0xff))

export function aBlock(fields: Partial<Header>, transactions: Uint8Array[] = []): Block {
  const body: Body = {
    attendance: { parentCertificate: [], lateVotes: [] },
    deliveries: [],
    transactions,
    evidence: [],
    reveal: []
  }
  const bodyBytes = BodyType.serialize(body)
  const header: Header = {
    version: 1,
    network: NETWORK,
    chain: COORD,
    epoch: 0,
    height: 0,
    view: 0,
    timeMs: 0,
    parent: ZERO_HASH,
    coordHeight: 0,
    coordHash: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    transactionCount: transactions.length,
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    deliveriesRoot: ZERO_HASH,
    receiptsOutRoot: ZERO_HASH,
    attendanceRoot: ZERO_HASH,
    stateRoot: ZERO_HASH,
    rewardConsumer: 0n,
    rewardIndustrial: 0n,
    proposer: ZERO_HASH,
    ...fields
  }
  return { header, hash: blockHash(header), bodyBytes, body }
}

/** Values under their own seed: key and page i hold `value`; negative: deleted. */
export function changesOf(root: Uint8Array, values: Readonly<Record<string, number>>): StateChanges {
  const entries = Object.entries(values).map(([key, value]): [Hex, Uint8Array | undefined] => {
    return [toHex(Uint8Array.of(Number(key))), value < 0 ? undefined : Uint8Array.of(value)]
  })
  return { values: new Map(entries), pages: new Map(entries), root }
}

export function aCertificate(fields: Partial<Certificate>): Certificate {
  const signers = BitArray.fromBoolArray([true, false, true])
  return {
    chain: COORD,
    epoch: 0,
    view: 1,
    kind: FINALISE,
    hash: ZERO_HASH,
    signers,
    signatures: [new Uint8Array(64).fill(1), new Uint8Array(64).fill(2)],
    ...fields
  }
}

export const aVote = (fields: { view: number; kind: StatementKind } & Partial<Vote>): Vote => {
  return {
    chain: COORD,
    epoch: 0,
    hash: ZERO_HASH,
    signer: 3,
    signature: new Uint8Array(64).fill(9),
    ...fields
  }
}

export function aGenesis(chain: ChainId = COORD): Genesis {
  const stateRoot = hashOf(0)
  return { block: aBlock({ chain, stateRoot }), changes: changesOf(stateRoot, { 0: 100, 1: 101 }) }
}

/** Block after `parent`: writes its height to keys 0 and `height`, and deletes what the block before it wrote. */
export function aFinalBlock(parent: Block, fields: Partial<Header> = {}): FinalBlock {
  const height = parent.header.height + 1
  const stateRoot = hashOf(height)
  const ids = [hashOf(1000 + height), hashOf(2000 + height)]
  const block = aBlock(
    { chain: parent.header.chain, height, view: height, parent: parent.hash, stateRoot, ...fields },
    ids.map((id) => id.slice(0, 8))
  )
  const changes = changesOf(stateRoot, { 0: height, [height]: height, [height - 1 || 250]: -1 })
  return { block, changes, results: Uint8Array.of(height), transactionIds: ids }
}

export function withCertificate(final: FinalBlock, view: number = final.block.header.view): FinalBlock {
  const { chain, epoch } = final.block.header
  return { ...final, certificate: aCertificate({ chain, epoch, view, hash: final.block.hash }) }
}

/** `length` linked blocks on genesis; those whose height `certified` names have a certificate. */
export function aHistory(
  genesis: Genesis,
  length: number,
  certified: (height: number) => boolean
): FinalBlock[] {
  const blocks: FinalBlock[] = []
  let parent = genesis.block
  for (let height = 1; height <= length; height++) {
    const next = aFinalBlock(parent)
    blocks.push(certified(height) ? withCertificate(next) : next)
    parent = next.block
  }
  return blocks
}

export const GUARD_INIT = { publicKey: hashOf(50), network: NETWORK }

/** A statement about block 1, in epoch 0 of coordination. */
export const guardStatement = (
  kind: 1 | 2 | 3,
  view: number,
  fields: Partial<Statement> = {}
): Statement => ({
  network: NETWORK,
  chain: COORD,
  epoch: 0,
  view,
  kind,
  hash: kind === NULLIFY ? ZERO_HASH : hashOf(1),
  ...fields
})
