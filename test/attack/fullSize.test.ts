import { describe } from "vitest";
import { attackCases } from "./support/attackCases.ts";
import { attack } from "./support/attackTest.ts";

describe("at its full size, the way the extension does it", () => {
  attack.each(attackCases.map(({ name, run }): [string, () => Promise<void>] => [name, run]))(
    "%s",
    {
      once: "it is as large as the extension lets it be",
      except: { time: { most: 15_000, because: "the bounds on the size are reached" } },
    },
    async (_, run) => {
      await run();
    },
  );
});
