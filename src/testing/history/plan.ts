/**
 * What a made history holds, decided before anything is made: the genesis, whose epochs are as long as the asked number
 * of boundaries needs, and for each chain its blocks. Same options, same seed, same time: the same history to the byte.
 */
import { publicKeyFromSeed } from '../../crypto/ed25519.ts'
import { devnetAccounts, devnetSeed } from '../../params/devnet-keys.ts'
import type { Genesis } from '../../params/genesis.ts'
import { newGenesis } from '../../params/new-genesis.ts'
import type { Params } from '../../params/params.ts'
import { PRESETS } from '../../params/presets.ts'
import type { PresetName } from '../../params/presets.ts'
import { COORD, shardId } from '../../primitives/chain-id.ts'
import type { ChainId } from '../../primitives/chain-id.ts'

export interface HistoryOptions {
  /** Made, or empty: gets `genesis.json`, `keys/validator-0.json` …, `history.json`, and the data directory `node`. */
  readonly out: string
  /** @default 'devnet' */
  readonly preset?: PresetName
  /** @default 3 */
  readonly shards?: number
  /** Blocks of every shard, genesis not counted. @default 1000 */
  readonly blocks?: number
  /** Blocks of the coordination chain. @default as many as a shard has */
  readonly coordBlocks?: number
  /** Transfers in each block of a shard. @default 20 */
  readonly transfers?: number
  /** Bytes of memo in each transfer, 0 … 256: with 256, 100 transfers make a block of 40 kB. @default 0 */
  readonly memoBytes?: number
  /** Account records that the first blocks of every shard create, beside the published ones. @default 0 */
  readonly accounts?: number
  /** Epoch boundaries that every chain crosses; the history ends in the middle of an epoch. @default 5 */
  readonly epochs?: number
  /** Every so many blocks one has a finality certificate of its own; boundaries and tips always have. @default 16 */
  readonly certifyEvery?: number
  /** Keys are those published as `validator0` …. @default 4 */
  readonly validators?: number
  /** Of recipients and amounts. @default '1' */
  readonly seed?: string
  /** Unix ms of the genesis. @default so long ago that the tips are a minute old */
  readonly timeMs?: number
  /** On top of the preset. `epochLength` here decides instead of `epochs`. */
  readonly overrides?: Partial<Params>
  /** Shards made at a time, each in a thread of its own; 0 makes them here, one by one. @default twice the cores */
  readonly threads?: number
  readonly onProgress?: (progress: HistoryProgress) => void
}

export interface HistoryProgress {
  readonly chain: ChainId
  readonly height: number
  readonly of: number
}

/** Of one chain, as its maker needs it. Plain data: it travels to a thread. */
export interface ChainPlan {
  readonly chain: ChainId
  readonly blocks: number
  readonly coordBlocks: number
  readonly transfers: number
  readonly memoBytes: number
  readonly accounts: number
  readonly certifyEvery: number
  readonly validators: number
  readonly seed: string
}

export interface HistoryPlan {
  readonly genesis: Genesis
  readonly coord: ChainPlan
  readonly shards: readonly ChainPlan[]
}

/** Records that one block creates at most: below the limit of every preset, and some hundred kilobytes. */
export const CREATED_PER_BLOCK = 2_000
/** How old the tip is when it is made now: not in the future for any clock, and recent enough to go on from. */
const TIP_AGE_MS = 60_000
const DEFAULTS: Required<Omit<HistoryOptions, 'out' | 'coordBlocks' | 'timeMs' | 'threads' | 'onProgress'>> =
  {
    preset: 'devnet',
    shards: 3,
    blocks: 1_000,
    transfers: 20,
    memoBytes: 0,
    accounts: 0,
    epochs: 5,
    certifyEvery: 16,
    validators: 4,
    seed: '1',
    overrides: {}
  }

/** @throws RangeError that names the option. */
export function planHistory(options: HistoryOptions): HistoryPlan {
  const chosen = { ...DEFAULTS, ...options }
  const { preset, blocks, epochs, validators, shards, transfers, accounts, overrides } = chosen
  const coordBlocks = options.coordBlocks ?? blocks
  const base = { ...PRESETS[preset].params, ...overrides }
  const epochLength = overrides.epochLength ?? lengthFor(coordBlocks, epochs)
  const freezeDistance = Math.min(base.freezeDistance, epochLength - 1)
  // C7: a block is at least a millisecond after its parent.
  const spanMs = Math.max(blocks, coordBlocks) * Math.max(1, base.minBlockIntervalMs)
  const genesis = newGenesis({
    preset,
    validators: Array.from({ length: validators }, (_, index) => publicKeyFromSeed(validatorSeed(index))),
    timeMs: options.timeMs ?? Date.now() - spanMs - TIP_AGE_MS,
    shards,
    overrides: { ...overrides, epochLength, freezeDistance },
    accounts: devnetAccounts()
  })
  if (!genesis.ok) throw new RangeError(`history: ${genesis.code}: ${genesis.detail}`)
  checkRoom(chosen, genesis.value.params)
  const { memoBytes, certifyEvery, seed } = chosen
  const rest = { blocks, coordBlocks, transfers, memoBytes, accounts, certifyEvery, validators, seed }
  return {
    genesis: genesis.value,
    coord: { ...rest, chain: COORD, blocks: coordBlocks, transfers: 0, accounts: 0 },
    shards: Array.from({ length: shards }, (_, index) => ({ ...rest, chain: shardId(index) }))
  }
}

function checkRoom({ transfers, accounts, blocks }: typeof DEFAULTS, { blockTransactionsMax }: Params): void {
  if (transfers > blockTransactionsMax)
    throw new RangeError(`transfers: at most ${blockTransactionsMax} in a block of this preset`)
  const needed = Math.ceil(accounts / Math.min(CREATED_PER_BLOCK, blockTransactionsMax))
  if (needed > blocks) throw new RangeError(`accounts: ${accounts} need ${needed} blocks`)
}

/** So that the last boundary lies half an epoch below the tip. */
function lengthFor(coordBlocks: number, epochs: number): number {
  const length = Math.floor((2 * coordBlocks) / (2 * epochs + 1))
  if (length < 4)
    throw new RangeError(`epochs: ${epochs} boundaries need ${4 * epochs + 2} blocks, not ${coordBlocks}`)
  return length
}

export const validatorSeed = (index: number): Uint8Array => devnetSeed(`validator${index}`)
