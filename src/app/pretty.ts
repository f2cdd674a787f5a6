/** The log for people: time, level, message, facts on one line. JSON lines come from pino as they are. */
import type { DestinationStream } from 'pino'

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info ',
  40: 'warn ',
  50: 'error',
  60: 'fatal'
}
const OWN = new Set(['level', 'time', 'msg', 'pid', 'hostname'])

export const prettyStream = (out: NodeJS.WritableStream): DestinationStream => ({
  write: (line: string): void => {
    out.write(pretty(line))
  }
})

export function pretty(line: string): string {
  const record: unknown = JSON.parse(line)
  if (typeof record !== 'object' || record === null) return line
  const fields = new Map<string, unknown>(Object.entries(record))
  const time = new Date(Number(fields.get('time'))).toISOString()
  const level = LEVELS[Number(fields.get('level'))] ?? String(fields.get('level'))
  const facts = [...fields]
    .filter(([name]) => !OWN.has(name))
    .map(([name, value]) => `${name}=${show(value)}`)
  const message = fields.get('msg')
  return `${[time, level, typeof message === 'string' ? message : '', ...facts].join(' ')}\n`
}

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
