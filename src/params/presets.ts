/**
 * The parameter sets a genesis starts from (D1). `devnet`: a network on one machine at 1 s blocks. `minimal`: tests.
 * `seed`: the numbers of the founding documents; their durations are counted in coordination heights of 15 s.
 */
import type { Params } from './params.ts'

export interface Preset {
  readonly shards: number
  readonly params: Params
}

const devnet: Params = {
  epochLength: 20,
  freezeDistance: 4,
  minBlockIntervalMs: 1_000,
  idleIntervalMs: 1_000,
  deltaInitialMs: 500,
  deltaMinMs: 50,
  deltaMaxMs: 5_000,
  maxDriftMs: 500,
  maxCoordLag: 8,
  maxUnfinalBlocks: 16,
  blockBytesMax: 2_097_152,
  blockTransactionsMax: 10_000,
  payloadBytesMax: 4_096,
  maxLifetime: 1_000,
  poolCountMax: 50_000,
  poolBytesMax: 33_554_432,
  poolPerSender: 16,
  replacementPpm: 100_000,
  minFeePerByte: 1,
  minFeePerMana: 10,
  manaCap: 1_000_000,
  manaPerPeriod: 10_000,
  manaPeriodMs: 1_000,
  minBalance: 10_000,
  creationCharge: 100_000,
  treasurySharePpm: 500_000,
  maxStateBytes: 17_179_869_184,
  shardsPerValidator: 1_024,
  unbondingEpochs: 168,
  snapshotInterval: 100,
  laneReceiptsMax: 4_096,
  laneBytesMax: 4_194_304,
  rewardConsumer: 1_000_000,
  rewardIndustrial: 1_000_000,
  rewardHalvingBlocks: 5_000_000,
  activationDeposit: 1_000_000,
  laneInflowCapPpm: 0,
  maxValidators: 100,
  leaseHeights: 240
}

const minimal: Params = {
  ...devnet,
  epochLength: 8,
  freezeDistance: 2,
  minBlockIntervalMs: 100,
  idleIntervalMs: 200,
  maxCoordLag: 4,
  blockBytesMax: 65_536,
  blockTransactionsMax: 64,
  payloadBytesMax: 1_024,
  maxLifetime: 100,
  poolCountMax: 256,
  poolBytesMax: 262_144,
  maxStateBytes: 67_108_864,
  unbondingEpochs: 16,
  snapshotInterval: 16
}

/** 24 h = 5,760 heights of lifetime; 7 days = 40,320 heights = 168 epochs of unbonding; rewards halve every four years. */
const seed: Params = {
  ...devnet,
  epochLength: 240,
  freezeDistance: 20,
  minBlockIntervalMs: 15_000,
  idleIntervalMs: 15_000,
  blockBytesMax: 1_048_576,
  blockTransactionsMax: 100,
  maxLifetime: 5_760,
  poolCountMax: 200,
  poolBytesMax: 1_048_576,
  manaCap: 1_000,
  manaPerPeriod: 10,
  manaPeriodMs: 15_000,
  shardsPerValidator: 3,
  unbondingEpochs: 168,
  snapshotInterval: 1_000,
  rewardConsumer: 297_000,
  rewardIndustrial: 297_000,
  rewardHalvingBlocks: 8_409_600,
  laneInflowCapPpm: 100_000
}

export const PRESETS = {
  devnet: { shards: 2, params: devnet },
  minimal: { shards: 2, params: minimal },
  seed: { shards: 4, params: seed }
} as const satisfies Record<string, Preset>

export type PresetName = keyof typeof PRESETS
export const isPresetName = (name: string): name is PresetName => Object.hasOwn(PRESETS, name)
