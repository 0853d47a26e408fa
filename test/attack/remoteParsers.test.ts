import { describe, expect } from "vitest";
import { RemoteViewError } from "../../src/remote/remoteErrors.ts";
import { splitParts } from "../../src/remote/remoteScript.ts";
import { attack } from "./support/attackTest.ts";
import { growthOf } from "./support/growth.ts";
import {
  manyLinesCases,
  manyRowsCases,
  oneLineCases,
  otherTextCases,
  readProbe,
  type TextCase,
} from "./support/remoteTextCases.ts";

/** Each input of the tables is measured separately, at two sizes; together they are not an attack. */
const table = {
  once: "the table measures the growth of each of its inputs",
  except: {
    peak: {
      most: 600_000_000,
      because: "hundreds of inputs leave garbage; `fullSize.test.ts` bounds single ones",
    },
    time: { most: 600_000, because: "there are hundreds of inputs" },
  },
};

/** Reads the input; a refusal as too large is a valid result, too. */
async function read(each: TextCase, size: number): Promise<void> {
  try {
    await each.run(size);
  } catch (error) {
    if (!(RemoteViewError.is(error) && error.reason === "too-much")) {
      throw error;
    }
  }
}

/** Cases that take more than twice as long for twice the input, or longer than 2 s. */
async function superlinear(cases: readonly TextCase[], size: number): Promise<string[]> {
  const found: string[] = [];
  for (const each of cases) {
    let least = { cpu: Number.POSITIVE_INFINITY, factor: Number.POSITIVE_INFINITY };
    // Garbage collection can hit one of the two sizes: only a result that occurs three times is reported.
    for (let time = 0; time < 3 && (least.factor > 2.5 || least.cpu > 2000); time++) {
      const { cpu, factor } = await growthOf(size, (length) => read(each, length));
      least = { cpu: Math.min(least.cpu, cpu), factor: Math.min(least.factor, factor) };
    }
    if (least.factor > 2.5 || least.cpu > 2000) {
      found.push(`${each.name}: ${least.cpu.toFixed(0)} ms, factor ${least.factor.toFixed(1)}`);
    }
  }
  return found;
}

describe("server output for the probes", () => {
  attack("a line of a quarter of a megabyte is parsed in linear time", table, async () => {
    expect(await superlinear(oneLineCases, 120_000)).toEqual([]);
  });

  attack("many long lines are parsed in linear time", table, async () => {
    expect(await superlinear(manyLinesCases, 100_000)).toEqual([]);
  });

  attack("as many rows as fit are parsed in linear time", table, async () => {
    expect(await superlinear(manyRowsCases, 500_000)).toEqual([]);
  });

  attack("more lines or logins than a server has reason to print are refused", table, async () => {
    for (const text of [
      `B begin \n${"\n".repeat(200_000)}B end `,
      `B begin \nB who\n${Array.from({ length: 6000 }, (_, n) => `a pts/${n} 2024-11-21 02:38`).join("\n")}`,
    ]) {
      await expect(readProbe(text)).rejects.toMatchObject({ reason: "too-much" });
    }
  });

  attack("a long line is truncated", table, () => {
    const [part] = splitParts(`B who\n${"x".repeat(1_000_000)}\nB end `, "B");
    expect(part?.lines.map(({ length }) => length)).toEqual([4096]);
  });
});

describe("server text outside terminals", () => {
  attack("is escaped in linear time", table, async () => {
    expect(await superlinear(otherTextCases, 200_000)).toEqual([]);
  });
});
