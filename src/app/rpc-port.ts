/** The node behind the RPC layer's port: reads over its chains, in domain values. */
import { toHex } from '../primitives/bytes.ts'
import type { ChainId } from '../primitives/chain-id.ts'
import { must } from '../primitives/errors.ts'
import type { Tally } from '../consensus/instance.ts'
import { notarisationDeadline, proposalDeadline } from '../consensus/timers.ts'
import { proposedHash } from '../consensus/notarise.ts'
import { membersWith } from '../consensus/votes.ts'
import type { Libp2pNetwork } from '../net/network.ts'
import type { ChainNode } from '../node/chain/chain-node.ts'
import type { Chains } from '../node/chains.ts'
import type { Clock } from '../node/ports.ts'
import type { Validator } from '../node/validator.ts'
import { genesisToJsonValue } from '../params/genesis-json.ts'
import type { AccountFacts, EarnedFacts, NodeFacts, NodePort, SupplyFacts, Tokens } from '../rpc/port.ts'
import { ClaimType, StakeType } from '../codec/state-records.ts'
import { accountKey, claimKey, stakeKey } from '../state/keys.ts'
import { regenerate } from '../state/mana.ts'
import { proveKey } from '../state/proof.ts'
import { readAtomicAccount } from '../state/atomic/records.ts'
import { readAccount, readTotals } from '../state/supply.ts'
import { createConductPort } from './conduct-port.ts'
import { createOperatorPort } from './operator-port.ts'
import type { LeveledLog } from './operator-port.ts'
import { describeHealth } from './health.ts'
import type { Progress } from './observer.ts'
import { ProofPort } from './proof-port.ts'
import { describeAtomic } from './atomic-port.ts'
import { ReceiptPort } from './receipt-port.ts'
import { describeSync } from './sync-report.ts'
import type { TransactionPort } from './transaction-port.ts'

export interface RpcPortComponents {
  readonly chains: Chains
  readonly network: Libp2pNetwork
  readonly transactions: TransactionPort
  readonly validator: Validator | undefined
  readonly clock: Clock
  readonly progress: Progress
  readonly facts: Pick<NodeFacts, 'version' | 'startedAtMs'>
  readonly startedMonoMs: number
  readonly log: LeveledLog
}

const NONE: Tokens = { consumer: 0n, industrial: 0n }

export function createRpcPort(c: RpcPortComponents): NodePort {
  const { chains, network } = c
  const receipts = new ReceiptPort(chains)
  const proofs = new ProofPort(chains, c.transactions, receipts)
  const chainOf = (chain: ChainId): ChainNode =>
    must(chains.get(chain), 'the RPC layer asks for followed chains')
  return {
    info: () => describeNode(c),
    sync: () => {
      const seconds = Math.max(1, (performance.now() - c.startedMonoMs) / 1_000)
      return chains.list.map((node) => {
        const rate = Math.round(((c.progress.blocks.get(node.chain) ?? 0) / seconds) * 100) / 100
        return describeSync(node, network.peers(node.chain).length, rate)
      })
    },
    health: () =>
      describeHealth({
        chains,
        peers: network.peers().length,
        validator: c.validator,
        progress: c.progress,
        startedAtMs: c.startedMonoMs,
        nowMs: performance.now()
      }),
    peers: (chain) => network.peers(chain),
    standing: (peer) => network.standing(peer),
    bans: () => network.bans(),
    operator: createOperatorPort(c),
    conduct: createConductPort(chains),
    chains: () => chains.list.map(({ chain }) => chain),
    head: (chain) => {
      const { tree, driver } = chainOf(chain)
      const { header, hash } = tree.final
      const head = tree.head()
      return {
        epoch: driver.instance.config.epoch,
        final: { header, hash },
        head: { height: head.header.height, hash: head.hash }
      }
    },
    block: async (chain, at) => {
      const { store, driver } = chainOf(chain)
      if (typeof at === 'number') return store.block(at)
      const height = store.heightOfHash(at)
      return height === undefined ? driver.instance.blocks.get(toHex(at))?.block : store.block(height)
    },
    headers: async (chain, from, limit) => listHeaders(chainOf(chain), from, limit),
    certificate: async (chain, height) => chainOf(chain).store.certificateAtOrAbove(height),
    view: (chain) => describeView(chainOf(chain), c.clock.monoMs()),
    leaders: (chain, count) => describeLeaders(chainOf(chain), count),
    snapshot: (chain, epoch) => chains.epochs.snapshot(epoch ?? chainOf(chain).driver.instance.config.epoch),
    genesis: () => genesisToJsonValue(chains.genesis),
    submit: async (bytes) => c.transactions.submit(bytes),
    simulate: async (bytes) => c.transactions.simulate(bytes),
    transaction: async (id) => c.transactions.find(id),
    account: (address, chain) => describeAccount(chainOf(chain), address),
    accountProof: async (address, chain) => proveAccount(chainOf(chain), address),
    pool: (chain) => describePool(chainOf(chain)),
    supply: (chain) => describeSupply(chainOf(chain)),
    receipt: async (place) => receipts.status(place),
    hops: async (place) => receipts.follow(place),
    lanes: (chain) => receipts.lanes(chain),
    atomic: (id) => describeAtomic(chains.list, id),
    earned: (validator, chain) => describeEarned(chainOf(chain), validator),
    transferProof: async (wanted) => proofs.transfer(wanted),
    supplyProof: async (checkpoint) => proofs.supply(checkpoint),
    committeeProof: (checkpoint) => proofs.committees(checkpoint)
  }
}

function describeNode({ chains, network, validator, facts }: RpcPortComponents): NodeFacts {
  const common = {
    ...facts,
    network: chains.constants.network,
    peer: network.self,
    addresses: network.addresses(),
    shards: chains.constants.shards,
    pid: process.pid
  }
  if (validator === undefined) return common
  const { publicKey: key, state: signing, reason } = validator
  return { ...common, validator: { key, signing, ...(reason === '' ? {} : { reason }) } }
}

function listHeaders({ store }: ChainNode, from: number, limit: number) {
  const out = []
  for (let height = from; out.length < limit; height++) {
    const header = store.header(height)
    const hash = store.hashAt(height)
    if (header === undefined || hash === undefined) break
    out.push({ header, hash })
  }
  return out
}

function describeView({ driver }: ChainNode, nowMs: number) {
  const { instance } = driver
  const { config, view, timers, final } = instance
  const record = instance.views.get(view)
  const count = (tally: Tally | undefined): number => (tally === undefined ? 0 : membersWith(tally))
  const waitsForProposal = proposedHash(instance) === undefined
  const due = waitsForProposal
    ? proposalDeadline(timers, view, final.view)
    : notarisationDeadline(timers, view, final.view)
  const kind = waitsForProposal ? ('proposal' as const) : ('notarisation' as const)
  return {
    epoch: config.epoch,
    view,
    leader: must(config.committee.members[config.schedule.leader(view)], 'a view has a leader').key,
    quorum: config.committee.quorum,
    votes: {
      notarise: count(record?.notarise),
      nullify: count(record?.nullify),
      finalise: count(record?.finalise)
    },
    timer: { kind, dueInMs: Math.max(0, due - nowMs) }
  }
}

function describeLeaders({ driver }: ChainNode, count: number) {
  const { config, view } = driver.instance
  const leaders = Array.from({ length: count }, (_, index) => ({
    view: view + index,
    key: must(config.committee.members[config.schedule.leader(view + index)], 'a view has a leader').key
  }))
  return { epoch: config.epoch, leaders }
}

const asOfFinal = ({ chain, tree }: ChainNode) => {
  const { header, hash } = tree.final
  return { chain, height: header.height, hash }
}

function describeAccount(node: ChainNode, address: Uint8Array): AccountFacts {
  const { header, state } = node.tree.final
  const account = readAccount(state, address)
  const reserved = node.pool.reserved(toHex(address))
  const nonce = account?.nonce ?? 0n
  const { params } = node.driver.instance.config
  return {
    exists: account !== undefined,
    nonce,
    nextNonce: node.pool.nextNonce(toHex(address), nonce),
    consumer: account?.consumer ?? 0n,
    industrial: account?.industrial ?? 0n,
    reserved,
    mana: account === undefined ? 0n : regenerate(account, header.timeMs, params).mana,
    nextCosignature: readAtomicAccount(state, address).next,
    asOf: asOfFinal(node)
  }
}

function proveAccount(node: ChainNode, address: Uint8Array) {
  const { certificate, chain } = node
  const { header, hash, state } = node.tree.final
  if (certificate === undefined) return undefined
  const key = accountKey(address)
  const value = state.get(key)
  return {
    chain,
    key,
    ...(value === undefined ? {} : { value }),
    proof: proveKey(state, key),
    header,
    hash,
    certificate
  }
}

function describePool({ pool }: ChainNode) {
  const { count, bytes, senders, countMax, bytesMax } = pool.status()
  const refusals = new Map<string, number>(pool.counts.list().refused)
  return {
    transactions: count,
    bytes,
    senders,
    limits: { transactions: countMax, bytes: bytesMax },
    admitted: pool.admitted,
    refusals
  }
}

function describeEarned(node: ChainNode, validator: Uint8Array): EarnedFacts {
  const { state } = node.tree.final
  const claim = state.get(claimKey(validator))
  const stake = state.get(stakeKey(validator))
  return {
    claim: claim === undefined ? NONE : ClaimType.deserialize(claim),
    stake: stake === undefined ? NONE : StakeType.deserialize(stake),
    asOf: asOfFinal(node)
  }
}

function describeSupply(node: ChainNode): SupplyFacts {
  const totals = readTotals(node.tree.final.state)
  return {
    balances: { consumer: totals.balancesConsumer, industrial: totals.balancesIndustrial },
    stake: { consumer: totals.stakeConsumer, industrial: totals.stakeIndustrial },
    escrow: { consumer: totals.escrowConsumer, industrial: totals.escrowIndustrial },
    deposits: { consumer: totals.deposits, industrial: 0n },
    treasury: { consumer: totals.treasuryConsumer, industrial: totals.treasuryIndustrial },
    rewards: { consumer: totals.rewardsConsumer, industrial: totals.rewardsIndustrial },
    reserve: { consumer: totals.reserveConsumer, industrial: totals.reserveIndustrial },
    outgoing: { consumer: totals.sentConsumer, industrial: totals.sentIndustrial },
    incoming: { consumer: totals.receivedConsumer, industrial: totals.receivedIndustrial },
    lost: { consumer: totals.lostConsumer, industrial: totals.lostIndustrial },
    asOf: asOfFinal(node)
  }
}
