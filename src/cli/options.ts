/** Options of commands: every one is an environment variable too, and a value that is none is refused by name. */
import { readFileSync } from 'node:fs'
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { encodeAddress } from '../crypto/address.ts'
import { devnetAddress } from '../params/devnet-keys.ts'
import { fromHex } from '../primitives/bytes.ts'
import { TOKEN_UNITS } from '../primitives/tokens.ts'
import { CliError, errnoOf } from './cli-error.ts'

/** `--fee-token <t>` → `ICN_FEE_TOKEN`. */
const envName = (option: Option): string => `ICN_${option.name().replaceAll('-', '_').toUpperCase()}`

export interface OptionInit<T> {
  readonly flags: string
  readonly help: string
  readonly parse?: (text: string) => T
  readonly default?: T
  readonly required?: boolean
}

export function addOption<T = string>(command: Command, init: OptionInit<T>): Command {
  const option = new Option(init.flags, init.help)
  option.env(envName(option))
  const { parse } = init
  if (parse !== undefined) option.argParser((text: string) => parse(text))
  // Help prints defaults as JSON, which has no bigint.
  if (init.default !== undefined) option.default(init.default, String(init.default))
  if (init.required === true) option.makeOptionMandatory()
  return command.addOption(option)
}

/** May be given several times; in its variable, and at once, separated by commas. */
export function addList(command: Command, init: Pick<OptionInit<string>, 'flags' | 'help'>): Command {
  const option = new Option(init.flags, init.help)
  option.env(envName(option))
  option.argParser((text: string, before: readonly string[]) => [...before, ...text.split(',')])
  return command.addOption(option.default([]))
}

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`
    throw new InvalidArgumentError(`expected an integer ${range}`)
  }
}

export function choice<T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value === text)
    if (found === undefined) throw new InvalidArgumentError(`expected one of ${values.join(', ')}`)
    return found
  }
}

/** Tokens with up to six decimals → base units. */
export function tokens(text: string): bigint {
  const match = /^(\d{1,12})(?:\.(\d{1,6}))?$/.exec(text)
  if (match === null)
    throw new InvalidArgumentError('expected tokens such as 12 or 0.25, at most six decimals')
  return BigInt(match[1] ?? '0') * TOKEN_UNITS + BigInt((match[2] ?? '').padEnd(6, '0'))
}

export const readText = (path: string): string => readBytes(path).toString('utf8')

export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const reason = errnoOf(error)
    if (reason === undefined) throw error
    throw new CliError(reason === 'ENOENT' ? `no file ${path}` : `cannot read ${path}: ${reason}`, 2, {
      cause: error
    })
  }
}

/** An address as it is, or that of a devnet account by its name. */
export const addressOf = (text: string): string =>
  /^(user|load)\d{1,3}$/.test(text) ? encodeAddress(devnetAddress(text)) : text

/** `HEIGHT:HASH` of a final coordination block. */
export function checkpointOption(text: string): { readonly height: number; readonly hash: Uint8Array } {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text)
  if (match === null) throw new InvalidArgumentError('expected HEIGHT:HASH with 64 hex digits')
  return { height: Number(match[1]), hash: fromHex(match[2] ?? '') }
}
