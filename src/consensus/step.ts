/**
 * One consensus instance as a pure step machine: `step(instance, input, env) → effects`.
 *
 * An input changes what is held (a vote, a certificate, a block, a verdict); then the rules are tried in a fixed order:
 * finality, entering a view, finalise votes, execution, notarise, nullify, lead, anti-entropy. Each rule is one file,
 * named for what it decides. No clock, randomness, I/O; the same code runs in the node and in the simulator.
 */
import { equal, toHex } from '../primitives/bytes.ts'
import { unreachable } from '../primitives/errors.ts'
import type { Vote } from '../codec/statement.ts'
import { judgeReady, takeBlock, takeProposed, takeVerdict } from './blocks.ts'
import { takeCertificate } from './certificates.ts'
import { enterView } from './enter.ts'
import { finaliseVotes } from './finalise.ts'
import { missingOfTarget, pathFromFinal, progressFinality, takeTargetBelow } from './finality.ts'
import { viewRecord } from './instance.ts'
import type { Instance } from './instance.ts'
import { lead, leadAtMs, proposeBuilt } from './lead.ts'
import { earlyByMs, missingBlocks, notariseVote, proposedHash } from './notarise.ts'
import { nullifyVote } from './nullify.ts'
import { takePending } from './records.ts'
import { isStuck } from './status.ts'
import { notarisationDeadline, proposalDeadline, resendDue } from './timers.ts'
import type { Effect, Env, Input } from './types.ts'
import { countVote } from './votes.ts'
import { voteWindow } from './window.ts'

/** A pull whose answer did not come is repeated after this long. */
const REFETCH_MS = 1_000

export function step(instance: Instance, input: Input, env: Env): Effect[] {
  if (instance.ended || instance.halted !== undefined || !belongs(instance, input)) return []
  return [...apply(instance, input, env), ...advance(instance, env)]
}

/** C1: an instance hears of its own epoch only. Inputs that waited while the epoch ended belong to another one. */
function belongs({ config }: Instance, input: Input): boolean {
  switch (input.type) {
    case 'vote':
      return input.vote.epoch === config.epoch && input.vote.chain === config.chain
    case 'certificate':
      return input.certificate.epoch === config.epoch && input.certificate.chain === config.chain
    case 'block':
      return input.block.header.epoch === config.epoch && input.block.header.chain === config.chain
    case 'built':
      return input.block === undefined || input.block.header.epoch === config.epoch
    case 'verdict':
    case 'signing':
    case 'tick':
      return true
    default:
      return unreachable(input)
  }
}

function apply(instance: Instance, input: Input, env: Env): Effect[] {
  switch (input.type) {
    case 'vote':
      return takeVote(instance, input.vote, env)
    case 'certificate':
      return takeCertificate(instance, input.certificate, input.byGossip ? 'gossip' : 'pulled', env)
    case 'block':
      if (input.proposedIn === undefined) takeBlock(instance, input.block, env.monoMs)
      else takeProposed(instance, input.block, input.proposedIn, env.monoMs)
      return takeTargetBelow(instance, input.block)
    case 'verdict':
      takeVerdict(instance, input.hash, input.valid)
      return []
    case 'built':
      return input.block === undefined ? [] : takeBuilt(instance, input.view, input.block, env)
    case 'signing':
      instance.signing = input.enabled
      return []
    case 'tick':
      return []
    default:
      return unreachable(input)
  }
}

function takeVote(instance: Instance, vote: Vote, env: Env): Effect[] {
  if (voteWindow(instance, vote.view) !== 'counted') return []
  const heard = instance.heard.get(vote.signer)
  instance.heard.set(vote.signer, { view: Math.max(heard?.view ?? 0, vote.view), monoMs: env.monoMs })
  const { certificate, evidence } = countVote(instance, vote)
  const effects: Effect[] = evidence === undefined ? [] : [{ type: 'evidence', evidence }]
  if (certificate !== undefined) effects.push(...takeCertificate(instance, certificate, 'formed', env))
  return effects
}

/** The leader executed its block while building it: it is valid here without another execution. */
function takeBuilt(
  instance: Instance,
  view: number,
  block: Parameters<typeof proposeBuilt>[2],
  env: Env
): Effect[] {
  if (!takeBlock(instance, block, env.monoMs)) return []
  const entry = instance.blocks.get(toHex(block.hash))
  if (entry !== undefined) entry.status = 'valid'
  return proposeBuilt(instance, view, block)
}

function advance(instance: Instance, env: Env): Effect[] {
  const effects: Effect[] = []
  effects.push(...progressFinality(instance))
  if (instance.ended || instance.halted !== undefined) return withJournal(instance, effects)
  enterView(instance, env.monoMs)
  effects.push(...finaliseVotes(instance))
  effects.push(...judgeReady(instance))
  effects.push(...notariseVote(instance, env))
  effects.push(...nullifyVote(instance, env))
  effects.push(...lead(instance, env))
  effects.push(...pulls(instance, env))
  if (resendDue(instance.timers, env.monoMs, isStuck(instance, env.monoMs))) effects.push({ type: 'status' })
  return withJournal(instance, effects)
}

/** Certificates that no vote of this step carried along are written by themselves. */
function withJournal(instance: Instance, effects: Effect[]): Effect[] {
  const records = takePending(instance)
  if (records.length > 0) effects.push({ type: 'journal', records })
  return effects
}

/** Blocks that are named by a certificate or a leader's vote, or are parents of such, and are not here. */
function pulls(instance: Instance, env: Env): Effect[] {
  const due = (key: ReturnType<typeof toHex>): boolean => {
    const asked = instance.requested.get(key)
    if (asked !== undefined && env.monoMs - asked < REFETCH_MS) return false
    instance.requested.set(key, env.monoMs)
    return true
  }
  const missing = missingBlocks(instance)
  const below = missingOfTarget(instance)
  const wanted = new Set([...missing, ...below].map(toHex))
  if (instance.target !== undefined) wanted.add(toHex(instance.target.hash))
  for (const key of instance.requested.keys()) if (!wanted.has(key)) instance.requested.delete(key)
  const target = instance.target
  if (target !== undefined && pathFromFinal(instance, target) === undefined) {
    const isDue = due(toHex(target.hash))
    const asked = below.filter((hash) => (equal(hash, target.hash) ? isDue : due(toHex(hash))))
    const effects: Effect[] = isDue ? [{ type: 'catch-up', certificate: target }] : []
    return [...effects, ...asked.map((hash) => ({ type: 'fetch', hash }) as const)]
  }
  return missing.filter((hash) => due(toHex(hash))).map((hash) => ({ type: 'fetch', hash }))
}

/** Monotonic time of the next step that time alone can cause; the driver keeps one timer at it. */
export function nextWakeMs(instance: Instance, env: Env): number {
  const { timers, view, final } = instance
  const record = viewRecord(instance, view)
  // Both timers also after an early nullify: the first one is when the view counts as stuck (C19).
  const wakes = [
    timers.resendAtMs,
    proposalDeadline(timers, view, final.view),
    notarisationDeadline(timers, view, final.view)
  ]
  const leadAt = leadAtMs(instance, env)
  if (leadAt !== undefined) wakes.push(leadAt)
  const proposed = instance.blocks.get(proposedHash(instance) ?? toHex(final.hash))
  if (proposed !== undefined && record.ownNotarise === undefined) {
    const early = earlyByMs(instance, proposed, env)
    if (early > 0) wakes.push(env.monoMs + early)
  }
  for (const asked of instance.requested.values()) wakes.push(asked + REFETCH_MS)
  return Math.min(...wakes.filter((at) => at > env.monoMs), env.monoMs + 10_000)
}
