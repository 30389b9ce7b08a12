/**
 * How many attempts beyond the first may be made: what calls earn, retries spend.
 *
 * While everything fails, calls never exceed `1 + perCall` times the commands; an outage is not made worse by those who wait
 * for its end. It starts empty and holds no more than `max`, so that a good day cannot pay for a storm.
 * @module
 */
export interface Budget {
  /** Retries that may be made now. */
  left: number
  readonly max: number
  /** Earned by each first attempt. */
  readonly perCall: number
}

export const make = (max: number, perCall: number): Budget => ({ left: 0, max, perCall })

/** Somebody new asks. */
export const earn = (budget: Budget): void => {
  budget.left = Math.min(budget.max, budget.left + budget.perCall)
}

/** Whether there was something left for one more attempt. */
export const spend = (budget: Budget): boolean => {
  if (budget.left < 1) return false
  budget.left--
  return true
}
