/** The consensus driver of one chain over a memory disk, with fakes for what builds, executes and stores. */
import type { Block } from '../../src/codec/block.ts'
import { VoteType } from '../../src/codec/statement.ts'
import type { Vote } from '../../src/codec/statement.ts'
import { ConsensusDriver } from '../../src/node/chain/consensus-driver.ts'
import type { ConsensusComponents } from '../../src/node/chain/consensus-driver.ts'
import { BlockTree } from '../../src/node/chain/block-tree.ts'
import { Validator } from '../../src/node/validator.ts'
import { COORD } from '../../src/primitives/chain-id.ts'
import { Journal } from '../../src/store/journal.ts'
import { MemoryDisk } from '../../src/store/memory.ts'
import { SignGuard } from '../../src/store/sign-guard.ts'
import type { Verdict } from '../../src/primitives/result.ts'
import type { BlockCode } from '../../src/chain/judge.ts'
import { NETWORK, NOTARISE, WALL_MS, aBlock } from './consensus.ts'
import { FakeClock, FakeNetwork, RecordedEvents, Signers, settled } from './node-fakes.ts'
import { MemoryState } from './state.ts'

export const BASE = aBlock({ height: 0, view: 0, timeMs: WALL_MS - 1_000 })
export const VALID: Verdict<void, BlockCode> = { ok: true, value: undefined }

interface Init {
  /** Own index, or null for a follower. */
  readonly self?: number | null
  readonly disk?: MemoryDisk
  readonly listening?: boolean
  readonly judge?: (block: Block) => Promise<Verdict<void, BlockCode> | undefined>
  readonly epochs?: readonly number[]
  readonly certificate?: ReturnType<Signers['certificate']>
}

/** One chain's driver; synced writes reach the disk when `write` is called, or at once without `held`. */
export async function aDriver(init: Init = {}) {
  const { self = 3, disk = new MemoryDisk(), listening = false, epochs = [0, 1] } = init
  const signers = new Signers()
  const network = new FakeNetwork()
  const clock = new FakeClock()
  const events = new RecordedEvents()
  const store = disk.open()
  const journal = await Journal.open(store)
  const validator = self === null ? undefined : await validatorOf(signers, self, store)
  if (!listening) validator?.activate()
  const tree = new BlockTree({ header: BASE.header, hash: BASE.hash }, new MemoryState())
  const committed: number[][] = []
  const fetched: Uint8Array[] = []
  const built: { block: Block | undefined } = { block: undefined }
  const judged: Block[] = []
  const parts = {
    network,
    clock,
    journal,
    epochs: signers.book(...epochs),
    tree,
    executor: {
      judge: async (block: Block) => {
        judged.push(block)
        return init.judge === undefined ? VALID : init.judge(block)
      }
    },
    builder: { build: () => built.block },
    finaliser: {
      commit: async (blocks: readonly Block[]) => {
        committed.push(blocks.map(({ header }) => header.height))
        await Promise.resolve()
      }
    },
    coord: { proof: () => undefined, finalHeight: () => 0 },
    validator,
    events,
    hasTransactions: () => false,
    fetch: (hash: Uint8Array) => void fetched.push(hash),
    catchUp: () => undefined,
    sendStatus: () => undefined,
    onStepped: () => undefined
  }
  const driver = new ConsensusDriver(parts as unknown as ConsensusComponents, {
    chain: COORD,
    network: NETWORK,
    epoch: 0,
    base: { hash: BASE.hash, height: 0, view: 0, timeMs: BASE.header.timeMs },
    ...(init.certificate === undefined ? {} : { certificate: init.certificate })
  })
  await driver.start()
  await settled()
  const leader = (view: number): number => parts.epochs.schedule(COORD, 0).leader(view)
  /** A view that member `index` does not lead. */
  const publishedVotes = (): Vote[] =>
    network.published.filter(({ kind }) => kind === 'vote').map(({ data }) => VoteType.deserialize(data))
  return {
    driver,
    signers,
    network,
    clock,
    events,
    journal,
    validator,
    committed,
    fetched,
    built,
    judged,
    leader,
    publishedVotes,
    disk,
    tree
  }
}

async function validatorOf(
  signers: Signers,
  self: number,
  store: ReturnType<MemoryDisk['open']>
): Promise<Validator> {
  const signer = signers.list[self]!
  const guard = await SignGuard.create(
    store,
    { publicKey: signer.publicKey, network: NETWORK },
    new Uint8Array(32).fill(5)
  )
  return new Validator(signer, guard)
}

export type Running = Awaited<ReturnType<typeof aDriver>>

export const blockIn = ({ signers, leader }: Running, view: number, fields = {}): Block =>
  aBlock({
    view,
    parent: BASE.hash,
    timeMs: WALL_MS,
    proposer: signers.committee.members[leader(view)]!.key,
    ...fields
  })

export function propose(running: Running, view = 1): Block {
  const block = blockIn(running, view)
  running.driver.enqueue({ type: 'block', block, proposedIn: view })
  running.driver.enqueue({
    type: 'vote',
    vote: running.signers.vote(running.leader(view), NOTARISE, view, block.hash)
  })
  return block
}

/** A member that does not lead view 1. */
export const voterIndex = (() => {
  const { chain } = new Signers()
  const first = new Signers().book(0).schedule(chain, 0).leader(1)
  return (first + 1) % 4
})()
export const leaderIndex = (voterIndex + 3) % 4
