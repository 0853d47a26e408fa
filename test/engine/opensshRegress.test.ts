import { expect, test } from "vitest";
import { RegressSuite } from "../regress/regressSuite.ts";

const ways = {
  wrapper: "with the wrapper on our connection",
  include: "with plain ssh and our line in its ssh_config, on a connection of the keeper without a window",
} as const;

// They mostly sleep. The other scripts: `npm run test:regress`.
test.concurrent.for(
  (["exit-status", "transfer", "yes-head"] as const).flatMap((script) =>
    (["wrapper", "include"] as const).map((way) => [script, ways[way], way] as const),
  ),
)("%s of OpenSSH's regress suite passes %s", async ([script, , way]) => {
  const suite = await RegressSuite.start(way);
  try {
    const { passed, output, ours, real } = await suite.run(script, 200);
    expect(passed, output.slice(-5_000)).toBe(true);
    expect(ours.length).toBeGreaterThan(0);
    // The suite asks which types of keys there are.
    expect(real.filter((args) => !/ -Q /.test(args))).toEqual([]);
  } finally {
    await suite[Symbol.asyncDispose]();
  }
});
