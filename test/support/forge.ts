/** Statements, certificates, blocks and proposals as a stranger makes them: right in all but what a test changes. */
import { randomBytes } from 'node:crypto'
import { BitArray } from '@chainsafe/ssz'
import { buildBlock, NO_COORD_REFERENCE } from '../../src/chain/build.ts'
import {
  BodyType,
  attendanceRoot,
  blockHash,
  bodyHash,
  deliveriesRoot,
  transactionsRoot
} from '../../src/codec/block.ts'
import type { Block, Body, Header } from '../../src/codec/block.ts'
import { ProposalType } from '../../src/codec/proposal.ts'
import type { Proposal } from '../../src/codec/proposal.ts'
import { NOTARISE, NULLIFY, signedBytes } from '../../src/codec/statement.ts'
import type { Certificate, Vote } from '../../src/codec/statement.ts'
import { wireHash } from '../../src/codec/transaction.ts'
import { chooseParent } from '../../src/consensus/lead.ts'
import type { Signer } from '../../src/crypto/ports.ts'
import { ZERO_HASH, toHex } from '../../src/primitives/bytes.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import type { ChainId } from '../../src/primitives/chain-id.ts'
import type { Vantage } from './vantage.ts'

export const someHash = (): Uint8Array => new Uint8Array(randomBytes(32))

/** Signed by the stranger's key for the running epoch and view. */
export function aVote(vantage: Vantage, chain: ChainId, fields: Partial<Vote> = {}): Vote {
  const { config, view } = vantage.instance(chain)
  const signature = new Uint8Array(64)
  const unsigned = { chain, epoch: config.epoch, view, kind: NOTARISE, hash: someHash(), signature }
  const vote: Vote = { signer: vantage.self(chain), ...unsigned, ...fields }
  return { ...vote, signature: vantage.key.sign(signedBytes(vantage.network, vote)) }
}

/** Over the running view, with signatures of the given signers; each place of the bitmap may get any of them. */
export function aCertificate(
  vantage: Vantage,
  chain: ChainId,
  signers: readonly (readonly [place: number, signer: Signer])[],
  fields: Partial<Certificate> = {}
): Certificate {
  const { config, view } = vantage.instance(chain)
  const places = BitArray.fromBitLen(config.committee.members.length)
  for (const [place] of signers) places.set(place, true)
  const statement = { chain, epoch: config.epoch, view, kind: NULLIFY, hash: ZERO_HASH, ...fields }
  const unsigned: Certificate = { signers: places, signatures: [], ...statement }
  const message = signedBytes(vantage.network, unsigned)
  return { ...unsigned, signatures: signers.map(([, signer]) => signer.sign(message)), ...fields }
}

/** A valid empty child of what the next leader would build on, for the stranger's next view. */
export function aBlock(vantage: Vantage, chain: ChainId): Block {
  const instance = vantage.instance(chain)
  const node = vantage.target.chains!.get(chain)!
  const chosen = chooseParent(instance)
  if (chosen === undefined || chosen.entry?.boundary === true) throw new Error('not the moment for a block')
  const parent = node.tree.ground(chosen.key)
  if (parent === undefined) throw new Error('the parent moved on')
  const record = instance.views.get(chosen.view)
  const held = [record?.notarisation, record?.finalisation, instance.finality, node.certificate]
  const { network, epoch, params, committee, schedule } = instance.config
  return buildBlock({
    network,
    chain,
    epoch,
    view: vantage.viewOf(chain, vantage.self(chain), instance.view),
    shards: 1,
    params,
    committee,
    schedule,
    parent,
    ancestors: parent.attendance,
    state: parent.state,
    parentCertificate: held.find((each) => each !== undefined && toHex(each.hash) === chosen.key),
    nowMs: Date.now(),
    coord:
      chain === COORD
        ? NO_COORD_REFERENCE
        : { height: parent.header.coordHeight, hash: parent.header.coordHash },
    proposer: vantage.key.publicKey,
    deliveries: [],
    candidates: []
  }).block
}

/** The header follows the body in all that commits to it; then the given fields replace what is there. */
export function withBody(block: Block, body: Partial<Body>, header: Partial<Header> = {}): Block {
  const whole = { ...block.body, ...body }
  const bodyBytes = BodyType.serialize(whole)
  const fitting = {
    ...block.header,
    transactionsRoot: transactionsRoot(whole.transactions.map(wireHash)),
    transactionCount: whole.transactions.length,
    bodyBytes: bodyBytes.length,
    bodyHash: bodyHash(bodyBytes),
    deliveriesRoot: deliveriesRoot(whole.deliveries),
    attendanceRoot: attendanceRoot(whole.attendance)
  }
  return withHeader({ ...block, body: whole, bodyBytes, header: fitting }, header)
}

export function withHeader(block: Block, fields: Partial<Header>): Block {
  const header = { ...block.header, ...fields }
  return { ...block, header, hash: blockHash(header) }
}

/** With the stranger's notarise vote in the block's own view. */
export function aProposal(vantage: Vantage, block: Block, vote: Partial<Vote> = {}): Proposal {
  const { chain, view, epoch } = block.header
  return {
    header: block.header,
    body: block.bodyBytes,
    vote: aVote(vantage, chain, { view, epoch, hash: block.hash, ...vote }),
    notarisation: [],
    nullifications: [],
    coordination: []
  }
}

export const proposalBytes = (proposal: Proposal): Uint8Array => ProposalType.serialize(proposal)
