import { expect, test } from "vitest";
import { RegressSuite } from "../regress/regressSuite.ts";

// They mostly sleep. The other scripts: `npm run test:regress`.
test.concurrent.each(["exit-status", "transfer", "yes-head"])(
  "%s of OpenSSH's regress suite passes with the wrapper on our connection",
  async (script) => {
    const suite = await RegressSuite.start();
    try {
      const { passed, output, ours, real } = await suite.run(script, 200);
      expect(passed, output.slice(-5_000)).toBe(true);
      expect(ours.length).toBeGreaterThan(0);
      // The suite asks which types of keys there are.
      expect(real.filter((args) => !/ -Q /.test(args))).toEqual([]);
    } finally {
      await suite[Symbol.asyncDispose]();
    }
  },
);
