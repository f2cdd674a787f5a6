/** C1: n members bear f = ⌊(n − 1) / 3⌋ faulty ones, and n − f make a quorum: two quorums share an honest member. */
export const faultsOf = (members: number): number => Math.floor((members - 1) / 3)
export const quorumOf = (members: number): number => members - faultsOf(members)
