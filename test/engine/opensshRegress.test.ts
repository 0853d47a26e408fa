import { expect, test } from "vitest";
import { RegressSuite } from "../regress/regressSuite.ts";

const ways = {
  wrapper: "with the wrapper on our connection",
  include: "with plain ssh and our line in its ssh_config, on a connection of the keeper without a window",
} as const;

/** The suite asks which types of keys there are, and `multiplex` makes and controls a master of its own. */
const suitesOwn = / -Q | -MS\/| -O(?:check|forward|cancel|exit|stop) /;

/** `multiplex` asks four times for a port that nobody listens at any more. */
const refused = / -p\d+ otherhost true$/;

/** `multiplex` listens on a port that is written in it: only one at a time. */
let before: Promise<unknown> = Promise.resolve();

async function inTurn<T>(script: string, run: () => Promise<T>): Promise<T> {
  if (script !== "multiplex") {
    return await run();
  }
  const running = before.then(run);
  before = running.catch(() => {});
  return await running;
}

// They mostly sleep. The other scripts: `npm run test:regress`.
test.concurrent.for(
  (["exit-status", "transfer", "yes-head", "multiplex"] as const).flatMap((script) =>
    (["wrapper", "include"] as const).map((way) => [script, ways[way], way] as const),
  ),
)("%s of OpenSSH's regress suite passes %s", { timeout: 500_000 }, async ([script, , way]) => {
  const suite = await RegressSuite.start(way);
  try {
    const { passed, output, ours, real } = await inTurn(script, () => suite.run(script, 230));
    expect(passed, output.slice(-5_000)).toBe(true);
    expect(ours.length).toBeGreaterThan(0);
    expect(real.filter((args) => !suitesOwn.test(args) && !refused.test(args))).toEqual([]);
  } finally {
    await suite[Symbol.asyncDispose]();
  }
});
