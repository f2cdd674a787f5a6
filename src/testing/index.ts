/** `icn/testing`: several whole nodes in one process, for tests of what runs on a network. */
export { createSwarm } from './swarm.ts'
export type { Swarm, SwarmMember, SwarmOptions, SwarmTransfer } from './swarm.ts'
