/**
 * Every refusal of the node in one registry: stable name, number that is never reused, one sentence
 * (protocols/limits.md). 1xx: transaction and state; 2xx: pool; 3xx: RPC.
 * Append within a range; a refusal that goes away keeps its number here as retired.
 */
interface RefusalEntry {
  readonly number: number
  readonly sentence: string
}

const entry = (number: number, sentence: string): RefusalEntry => ({ number, sentence })

/** M2: facts of the bytes and the genesis alone, equal for all honest nodes. */
const STATELESS = {
  'not-canonical': entry(101, 'The bytes are not the canonical encoding of a transaction.'),
  'too-large': entry(102, 'The transaction is larger than the genesis ceiling.'),
  'unknown-version': entry(103, 'This node does not know the transaction’s version.'),
  'unknown-action': entry(104, 'This node does not know the transaction’s action.'),
  'unknown-key-type': entry(105, 'The sender’s key type is not defined for this version.'),
  'wrong-chain': entry(
    106,
    'The transaction names another chain than the one its action and sender belong to.'
  ),
  'payload-too-large': entry(107, 'The payload is larger than the genesis allows.'),
  'malformed-payload': entry(108, 'The payload is not the canonical encoding of what the action takes.'),
  'invalid-selector': entry(109, 'The fee selector is none of 0 (consumer), 1 (industrial), 2 (split).'),
  'zero-amount': entry(110, 'A transfer must move at least one base unit.'),
  'no-such-chain': entry(113, 'The network has no chain of that number.'),
  'not-the-validator': entry(114, 'Only the validator’s own key may send this.'),
  'bad-signature': entry(112, 'The signature does not verify under the sender’s key.')
} as const

/** M3, M7, M9: answers of the state. In a block any of them makes the block invalid. */
const INCLUSION = {
  'unknown-account': entry(120, 'The sender has no account record on this chain.'),
  'nonce-reuse': entry(121, 'The nonce was used before.'),
  'nonce-gap': entry(122, 'The nonce is ahead of the account’s next one.'),
  expired: entry(123, 'The height until which the transaction was valid has passed.'),
  'lifetime-too-long': entry(124, 'Valid-until lies further ahead than a transaction may live.'),
  'fee-floor': entry(125, 'The fee is below the floor for the transaction’s size and mana.'),
  'mana-below-cost': entry(126, 'Max mana is below what the action costs.'),
  'fee-unpayable': entry(127, 'The balance does not cover the fee.'),
  'insufficient-mana': entry(128, 'The account’s mana does not cover max mana.')
} as const

/** M8, M9: the action fails; the transaction is included, pays its fee and mana, and its nonce advances. */
const EXECUTION = {
  'insufficient-funds': entry(140, 'The balance does not cover the amounts besides the fee.'),
  'balance-overflow': entry(141, 'The receiver’s balance would exceed 64 bits.'),
  'below-min-balance': entry(
    142,
    'The receiver has no account and the transfer brings less than the minimum balance.'
  ),
  'creation-unpaid': entry(143, 'The sender cannot pay the charge for creating the receiver’s account.'),
  'state-full': entry(144, 'The chain’s state has reached its size limit; nothing new can be created.'),
  'lane-congested': entry(
    145,
    'Too much is on its way to the receiver’s shard and not yet delivered; try again later.'
  ),
  'nothing-to-claim': entry(146, 'The key has earned nothing on that chain that was not paid out.'),
  'below-deposit': entry(
    147,
    'An activation brings at least the deposit of a record on the coordination chain.'
  ),
  'above-inflow-cap': entry(148, 'No lane may bring so much in one epoch; send less at a time.')
} as const

/** R8: why a receipt was sent back, besides reasons of the state. */
const RECEIPT = {
  'unknown-receipt': entry(150, 'The destination does not know this kind of receipt.')
} as const

/** ATO: why an atomic action does not begin, is refused by a shard, or is aborted. */
const ATOMIC = {
  'legs-invalid': entry(
    160,
    'The legs do not fit together: too many or none, one to its own payer, or payers and co-signers differ.'
  ),
  'deadline-crowded': entry(161, 'As many actions as allowed end at that height; give another deadline.'),
  'escrow-limit': entry(162, 'A payer takes part in as many undecided actions as allowed.'),
  'cosignature-invalid': entry(163, 'A payer has not signed these terms.'),
  'cosignature-used': entry(164, 'A co-signature does not have the number that the payer’s next one has.'),
  'atomic-known': entry(165, 'The shard takes part in an action of that id already.'),
  'atomic-unknown': entry(166, 'The receipt belongs to no action in which its source takes part here.'),
  'atomic-repeated': entry(167, 'The receipt says again, or otherwise, what was said before.'),
  'deadline-passed': entry(168, 'Not all shards had answered below the deadline.')
} as const

/** SAN: why a dispute is not taken down. */
const CONDUCT = {
  'unknown-offence': entry(170, 'No proven offence has that id.'),
  'not-accused': entry(171, 'Only the validator that is accused contests an offence.'),
  'disputes-full': entry(172, 'As many disputes of the offence are held as allowed.')
} as const

/** REG: why an action of the registry of validators fails. */
const REGISTRY = {
  'validator-known': entry(180, 'The key is registered as a validator already.'),
  'validator-unknown': entry(181, 'The key is not registered as a validator, or has left.'),
  'cooperative-unknown': entry(182, 'No cooperative has that number.'),
  'registry-full': entry(183, 'As many validators as allowed are registered.'),
  'not-vouched': entry(184, 'The sender may not vouch for a validator of that cooperative.'),
  'vouching-limit': entry(185, 'The sender has vouched for as many validators as may be not ready yet.'),
  'lease-held': entry(186, 'The validator holds a lease of that shard already.'),
  'lease-unknown': entry(187, 'The validator holds no lease of that shard.'),
  'lease-limit': entry(188, 'The validator holds as many leases as allowed.'),
  'validator-leaving': entry(189, 'The validator has asked to leave.'),
  'stake-too-low': entry(190, 'The validator has not staked that much.'),
  'unbonding-full': entry(
    191,
    'Too many withdrawals of this validator wait; let the oldest be paid out first.'
  ),
  'node-unsigned': entry(192, 'The key of the node has not signed for this validator.')
} as const

/** M4–M7: answers of a pool; never a peer's fault. */
const POOL = {
  duplicate: entry(201, 'The pool or a block already holds this transaction.'),
  'sender-limit': entry(202, 'The sender already has as many pending transactions as allowed.'),
  'pool-full': entry(
    203,
    'The pool is full and the transaction does not pay enough more to displace another.'
  ),
  'replacement-underpriced': entry(
    204,
    'Another transaction holds this nonce and the new one does not pay enough more.'
  ),
  'not-admitted': entry(205, 'The pool of this chain does not take transactions at the moment.'),
  evicted: entry(206, 'A better-paying transaction took the place in the pool.'),
  replaced: entry(207, 'The sender replaced the transaction by one with a higher fee.'),
  'queue-full': entry(208, 'Too many transactions wait behind a missing nonce; send the missing one first.')
} as const

/** Answers of the RPC layer. */
const RPC = {
  CHAIN_NOT_FOLLOWED: entry(301, 'This node does not follow the chain; `peers` do.'),
  CHAIN_UNREACHABLE: entry(302, 'This node does not follow the chain and is connected to no peer that does.'),
  CHAIN_UNKNOWN: entry(303, 'The network has no such chain.'),
  BLOCK_UNKNOWN: entry(304, 'No final block has that height here, or no known block that hash.'),
  CERTIFICATE_UNKNOWN: entry(305, 'No block at or above that height is certified final here.'),
  EPOCH_UNKNOWN: entry(306, 'The epoch has not been reached, or its snapshot is not held.'),
  NOT_CERTIFIED_YET: entry(307, 'Nothing above genesis is final yet, so no certificate covers the state.'),
  RPC_BUSY: entry(308, 'Too many calls are in progress; try again.'),
  SUBSCRIPTION_LIMIT: entry(309, 'The connection has as many subscriptions as allowed.'),
  SUBSCRIPTION_UNKNOWN: entry(310, 'The connection has no subscription of that name.'),
  ORIGIN_REFUSED: entry(311, 'Pages of another origin may not connect.'),
  ADMIN_TOKEN: entry(312, 'The call takes the admin token of this node.'),
  PEER_UNREACHABLE: entry(313, 'No connection to that address could be made.'),
  PROOF_UNAVAILABLE: entry(314, 'What the proof is made of is not final yet, or not held here any more.'),
  VALIDATOR_UNKNOWN: entry(315, 'No validator of that key is registered or known for anything.')
} as const

/** Numbers of refusals that went away: 111, transfers had to stay within one shard. */
export const RETIRED_NUMBERS: readonly number[] = [111]

export const REFUSALS = {
  ...STATELESS,
  ...INCLUSION,
  ...EXECUTION,
  ...REGISTRY,
  ...RECEIPT,
  ...ATOMIC,
  ...CONDUCT,
  ...POOL,
  ...RPC
} as const

export type StatelessCode = keyof typeof STATELESS | 'legs-invalid'
export type InclusionCode = keyof typeof INCLUSION
export type ExecutionCode =
  | keyof typeof EXECUTION
  | keyof typeof CONDUCT
  | keyof typeof REGISTRY
  | 'unknown-account'
  | Exclude<keyof typeof ATOMIC, 'legs-invalid'>
export type ReceiptCode =
  | keyof typeof RECEIPT
  | Exclude<keyof typeof ATOMIC, 'legs-invalid'>
  | 'insufficient-funds'
  | 'nothing-to-claim'
  | 'below-deposit'
  | 'above-inflow-cap'
  | 'lane-congested'
  | 'unknown-account'
  | 'balance-overflow'
  | 'below-min-balance'
  | 'state-full'
/** Why a shard cannot take its part in an atomic action: in its own transaction, or by its answer. */
export type PartCode = ExecutionCode & ReceiptCode
export type PoolCode = keyof typeof POOL
export type RpcRefusalCode = keyof typeof RPC
export type RefusalCode = keyof typeof REFUSALS

export const refusalNumber = (code: RefusalCode): number => REFUSALS[code].number

const BY_NUMBER = new Map(Object.entries(REFUSALS).map(([name, { number }]) => [number, name as RefusalCode]))
/** @returns undefined for a number that is not registered, 0 (no refusal) included. */
export const refusalByNumber = (number: number): RefusalCode | undefined => BY_NUMBER.get(number)
