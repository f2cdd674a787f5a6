/** `icn/testing`: several whole nodes in one process, and made histories, for tests of what runs on a network. */
export { createSwarm } from './swarm.ts'
export type { Swarm, SwarmMember, SwarmOptions, SwarmTransfer } from './swarm.ts'
export { copyHistory, makeHistory } from './history/history.ts'
export type { History } from './history/history.ts'
export type { ChainTip } from './history/chain-maker.ts'
export type { HistoryOptions, HistoryProgress } from './history/plan.ts'
