import { describe } from "vitest";
import { attackCases } from "./support/attackCases.ts";
import { attack } from "./support/attackTest.ts";

describe("at its full size, processed as in the extension", () => {
  attack.each(attackCases.map(({ name, run }): [string, () => Promise<void>] => [name, run]))(
    "%s",
    {
      once: "it has the largest size that the extension accepts",
      except: { time: { most: 15_000, because: "the limits of the size are reached" } },
    },
    async (_, run) => {
      await run();
    },
  );
});
