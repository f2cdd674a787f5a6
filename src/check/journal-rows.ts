/**
 * What consensus kept above the last final block (C10, C11): every row is what its key says, every signature in it
 * verifies, and the guard remembers every own vote that stands above its floor.
 */
import { concat, equal, readU64be, toHex, u64be } from '../primitives/bytes.ts'
import { COORD, chainName } from '../primitives/chain-id.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { receiveBlock } from '../chain/receive.ts'
import { blockHash } from '../codec/block.ts'
import type { Header } from '../codec/block.ts'
import { BlockEnvelopeType } from '../codec/messages.ts'
import { ProposalType } from '../codec/proposal.ts'
import type { Proposal } from '../codec/proposal.ts'
import { decode } from '../codec/ssz.ts'
import { CertificateType, FINALISE, NOTARISE, NULLIFY, VoteType } from '../codec/statement.ts'
import type { Certificate, Vote } from '../codec/statement.ts'
import { isOver } from './certificates.ts'
import { guardName, statementName } from './guard-rows.ts'
import type { GuardMemories } from './guard-rows.ts'
import { NODE_ROWS } from './layout.ts'
import type { NodeRows } from './node-scope.ts'

const BLOCK = 1
const PROPOSAL = 2
const CERTIFICATE = 3
const VOTE = 4

const KIND_OFFSET = 18

interface RowKey {
  readonly chain: ChainId
  readonly epoch: number
  readonly view: number
}

const keyOf = ({ chain, epoch, view }: RowKey, kind: number, name: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(chain >> 8, chain & 0xff), u64be(epoch), u64be(view), Uint8Array.of(kind), name)

const NO_NAME = new Uint8Array(0)

export async function checkJournal(rows: NodeRows, guards: GuardMemories): Promise<void> {
  const check = new JournalCheck(rows, guards)
  for await (const [key, value] of rows.database.rows(NODE_ROWS.journal)) {
    const problem = await check.row(key, value)
    if (problem !== undefined) rows.report('journal', describe(key), problem)
  }
}

function describe(key: Uint8Array): string {
  if (key.length <= KIND_OFFSET) return toHex(key)
  const chain = (((key[0] ?? 0) << 8) | (key[1] ?? 0)) as ChainId
  const kind = { 1: 'block', 2: 'proposal', 3: 'certificate', 4: 'vote' }[key[KIND_OFFSET] ?? 0] ?? toHex(key)
  return `${chainName(chain)} epoch ${readU64be(key, 2)} view ${readU64be(key, 10)} ${kind}`
}

class JournalCheck {
  readonly #rows: NodeRows
  readonly #guards: GuardMemories

  constructor(rows: NodeRows, guards: GuardMemories) {
    this.#rows = rows
    this.#guards = guards
  }

  /** @returns what is wrong with it. */
  async row(key: Uint8Array, value: Uint8Array): Promise<string | undefined> {
    switch (key[KIND_OFFSET] ?? 0) {
      case BLOCK:
        return this.#block(key, value)
      case PROPOSAL:
        return this.#proposal(key, value)
      case CERTIFICATE: {
        const decoded = decode(CertificateType, value)
        if (!decoded.ok) return 'it cannot be decoded'
        const expected = keyOf(decoded.value, CERTIFICATE, Uint8Array.of(decoded.value.kind))
        return equal(key, expected) ? this.#certificate(decoded.value) : OTHER_KEY
      }
      case VOTE: {
        const decoded = decode(VoteType, value)
        if (!decoded.ok) return 'it cannot be decoded'
        const expected = keyOf(decoded.value, VOTE, Uint8Array.of(decoded.value.kind))
        return equal(key, expected) ? this.#ownVote(decoded.value) : OTHER_KEY
      }
      default:
        return 'a key of no kind of row'
    }
  }

  #block(key: Uint8Array, value: Uint8Array): string | undefined {
    const decoded = decode(BlockEnvelopeType, value)
    if (!decoded.ok) return 'it cannot be decoded'
    const { header, body } = decoded.value
    if (!equal(key, keyOf(header, BLOCK, blockHash(header)))) return OTHER_KEY
    return this.#content(header, body)
  }

  #content(header: Header, body: Uint8Array): string | undefined {
    if (!equal(header.network, this.#rows.constants.network)) return 'a block of another network'
    const block = receiveBlock(header, body)
    return block.ok ? undefined : block.detail
  }

  async #proposal(key: Uint8Array, value: Uint8Array): Promise<string | undefined> {
    const decoded = decode(ProposalType, value)
    if (!decoded.ok) return 'it cannot be decoded'
    const proposal = decoded.value
    const { header, vote, body } = proposal
    if (!equal(key, keyOf(vote, PROPOSAL, NO_NAME))) return OTHER_KEY
    const hash = blockHash(header)
    const isOverBlock = vote.kind === NOTARISE && isOver(vote, { ...header, hash })
    if (!isOverBlock || header.view > vote.view) return 'its vote is not over its block'
    const schedule = this.#rows.epochs.get(vote.epoch)?.schedule(vote.chain)
    if (schedule !== undefined && vote.view >= 1 && schedule.leader(vote.view) !== vote.signer) {
      return 'its signer does not lead that view'
    }
    return this.#content(header, body) ?? (await this.#ownVote(vote)) ?? this.#justification(proposal, hash)
  }

  async #justification(proposal: Proposal, hash: Uint8Array): Promise<string | undefined> {
    const { header, vote } = proposal
    for (const certificate of proposal.notarisation) {
      const fits = certificate.kind !== NULLIFY && isOver(certificate, { ...header, hash })
      const problem = await this.#fitting(fits, certificate)
      if (problem !== undefined) return `its notarisation: ${problem}`
    }
    for (const certificate of proposal.nullifications) {
      const { kind, chain, epoch, view } = certificate
      const fits = kind === NULLIFY && chain === vote.chain && epoch === vote.epoch && view < vote.view
      const problem = await this.#fitting(fits, certificate)
      if (problem !== undefined) return `its nullification of view ${view}: ${problem}`
    }
    for (const { header: coord, certificate } of proposal.coordination) {
      const place = { chain: COORD, epoch: coord.epoch, hash: blockHash(coord) }
      const problem = await this.#fitting(
        certificate.kind === FINALISE && isOver(certificate, place),
        certificate
      )
      if (problem !== undefined) return `its coordination proof: ${problem}`
    }
    return undefined
  }

  async #fitting(fits: boolean, certificate: Certificate): Promise<string | undefined> {
    return fits ? this.#certificate(certificate) : 'it is over something else'
  }

  async #certificate(certificate: Certificate): Promise<string | undefined> {
    return this.#isBeyond(certificate)
      ? undefined
      : this.#rows.signatures.certificate(certificate, this.#place())
  }

  async #ownVote(vote: Vote): Promise<string | undefined> {
    if (this.#isBeyond(vote)) return undefined
    const verdict = await this.#rows.signatures.vote(vote, this.#place())
    if ('problem' in verdict) return verdict.problem
    this.#compareWithGuard(verdict.publicKey, vote)
    return undefined
  }

  /** C11, C12: vote and memory became durable in one write. */
  #compareWithGuard(publicKey: Uint8Array, vote: Vote): void {
    const { report } = this.#rows
    const guard = this.#guards.get(guardName(publicKey, vote.chain))
    const at = `${toHex(publicKey)} ${chainName(vote.chain)} view ${vote.view}`
    if (guard === undefined || guard.epoch < vote.epoch) {
      report('guard', at, `it does not know the journal’s vote in epoch ${vote.epoch}`)
      return
    }
    if (guard.epoch > vote.epoch || vote.view <= guard.floor) return
    const name = statementName(vote)
    const remembered = guard.statements.get(name)
    if (remembered !== undefined && equal(remembered.hash, vote.hash)) return
    guard.statements.delete(name)
    report('guard', at, 'it remembers another statement than the journal’s vote, or none')
  }

  /** Its committee was frozen by a coordination block that could not be verified: that was reported. */
  #isBeyond({ epoch }: { readonly epoch: number }): boolean {
    const { epochs, chains } = this.#rows
    return epochs.get(epoch) === undefined && chains.get(COORD)?.isComplete !== true
  }

  #place() {
    const { epochs, directory, report } = this.#rows
    return { epochs, report, where: `${directory}: journal` }
  }
}

const OTHER_KEY = 'it is another one than its key says'
