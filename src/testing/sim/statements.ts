/**
 * Every statement that a key under watch ever signed, and which of those signatures left the machine (invariant 2).
 * A signature that was lost with an unsynced write before it left binds nobody (C11); one that left binds for ever,
 * whatever process of the key made it, across crashes and copies.
 */
import { equal, toHex } from '../../primitives/bytes.ts'
import type { Hex } from '../../primitives/bytes.ts'
import {
  CertifiedHeaderType,
  FRAME_BOUNDARY,
  FRAME_CERTIFICATE,
  FRAME_STATUS,
  FRAME_VOTE
} from '../../codec/messages.ts'
import { ProposalType } from '../../codec/proposal.ts'
import { CertificateType, FINALISE, NULLIFY, StatementType, VoteType } from '../../codec/statement.ts'
import type { Statement } from '../../codec/statement.ts'
import { DOMAINS } from '../../crypto/domains.ts'
import type { Signer } from '../../crypto/ports.ts'
import type { GossipKind } from '../../net/types.ts'

interface Made {
  readonly key: Hex
  readonly statement: Statement
  left: boolean
}

export class StatementBook {
  readonly #made = new Map<Hex, Made>()
  /** By key, chain, epoch and view: what left. */
  readonly #left = new Map<string, Statement[]>()
  readonly #onConflict: (text: string) => void

  constructor(onConflict: (text: string) => void) {
    this.#onConflict = onConflict
  }

  get made(): number {
    return this.#made.size
  }

  /** The signer of a machine whose statements are watched. */
  watch(signer: Signer): Signer {
    const key = toHex(signer.publicKey)
    return {
      publicKey: signer.publicKey,
      sign: (message) => {
        const signature = signer.sign(message)
        const domain = message.subarray(0, DOMAINS.statement.length)
        if (equal(domain, DOMAINS.statement)) {
          const statement = StatementType.deserialize(message.subarray(domain.length))
          const id = toHex(signature)
          if (!this.#made.has(id)) this.#made.set(id, { key, statement, left: false })
        }
        return signature
      }
    }
  }

  /** Something left a machine: every watched signature in it is out for good. */
  left(kind: GossipKind | 'frame', data: Uint8Array): void {
    for (const signature of signaturesIn(kind, data)) this.#release(toHex(signature))
  }

  #release(id: Hex): void {
    const made = this.#made.get(id)
    if (made === undefined || made.left) return
    made.left = true
    const { chain, epoch, view } = made.statement
    const place = `${made.key} chain ${chain} epoch ${epoch} view ${view}`
    const others = this.#left.get(place) ?? []
    for (const other of others) {
      if (contradict(other, made.statement)) {
        this.#onConflict(`invariant 2: kinds ${other.kind} and ${made.statement.kind} of key ${place}`)
      }
    }
    this.#left.set(place, [...others, made.statement])
  }
}

/** One view of one instance is given. */
function contradict(a: Statement, b: Statement): boolean {
  if (a.kind === b.kind) return !equal(a.hash, b.hash)
  return a.kind + b.kind === NULLIFY + FINALISE
}

function signaturesIn(kind: GossipKind | 'frame', data: Uint8Array): Uint8Array[] {
  if (kind === 'tx') return []
  if (kind === 'block') return [ProposalType.deserialize(data).vote.signature]
  if (kind === 'vote') return [VoteType.deserialize(data).signature]
  if (kind === 'certificate') return CertificateType.deserialize(data).signatures
  const content = data.subarray(1)
  switch (Number(data[0])) {
    case FRAME_STATUS:
      return []
    case FRAME_VOTE:
      return signaturesIn('vote', content)
    case FRAME_CERTIFICATE:
      return signaturesIn('certificate', content)
    case FRAME_BOUNDARY:
      return CertifiedHeaderType.deserialize(content).certificate.signatures
    default:
      return []
  }
}
