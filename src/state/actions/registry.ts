/** All actions this version knows. A new one is a module beside this file and a line here. */
import type { Action } from './action.ts'
import { transfer } from './transfer.ts'

export const ACTIONS: readonly Action[] = [transfer]

const BY_NUMBER = new Map(ACTIONS.map((action) => [action.number, action]))

/** @returns undefined for a number that no known action has. */
export const actionByNumber = (number: number): Action | undefined => BY_NUMBER.get(number)
