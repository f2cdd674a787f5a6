/**
 * Every context in which bytes are signed or hashed as an identity, in one list (protocols/crypto.md, CRY-4).
 * A tag is 32 bytes: the ASCII name padded with zeros. Two contexts never share a tag, so no signature of one kind
 * can be presented as another.
 */
import { utf8 } from '../primitives/bytes.ts'

function tag(name: string): Uint8Array {
  const out = new Uint8Array(32)
  out.set(utf8(name))
  return out
}

export const DOMAINS = {
  /** A consensus vote or certificate (C4). */
  statement: tag('icn/statement/1'),
  /** A transaction (M1). */
  transaction: tag('icn/transaction/1'),
  /** Consent of one who pays a leg of somebody else's atomic action (ATO). */
  atomic: tag('icn/atomic/1'),
  /** Address bytes from a public key (D3). */
  address: tag('icn/address/1'),
  /** The network id from a canonical genesis (D1). */
  genesis: tag('icn/genesis/1'),
  /** The seed of an epoch's leader schedule (C29). */
  epochSeed: tag('icn/epoch-seed/1'),
  /** One step of a hash chain of reveals, and what a reveal does to the mix (C29). */
  reveal: tag('icn/reveal/1'),
  mix: tag('icn/mix/1'),
  /** What a validator's hash chains are made of; never leaves it. */
  revealSeed: tag('icn/reveal-seed/1'),
  /** One draw of the leader lottery (C8). */
  leader: tag('icn/leader/1'),
  /** The record that binds a validator key to a peer id. */
  binding: tag('icn/binding/1'),
  /** A node's word that a validator speaks through it (REG-17). */
  node: tag('icn/node/1'),
  /** What a node says of itself, signed by the key behind its peer id. */
  peerRecord: tag('icn/peer-record/1'),
  /** A cooperative's word that a node is one of its own. */
  cooperative: tag('icn/cooperative/1'),
  /** What a piece of evidence is about: its identity (C30). */
  evidence: tag('icn/evidence/1'),
  /** The published devnet accounts and validators. */
  devnetKey: tag('icn/devnet-key/1')
} as const
