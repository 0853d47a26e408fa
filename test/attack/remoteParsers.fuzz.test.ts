import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { printable, printableLines } from "../../src/base/log.ts";
import { parseKillResults } from "../../src/remote/killScript.ts";
import { parseProbe } from "../../src/remote/parse/probeOutput.ts";
import { parseTimeouts } from "../../src/remote/parse/timeoutOutput.ts";
import { RemoteViewError } from "../../src/remote/remoteErrors.ts";
import { buildSessions } from "../../src/remote/remoteModel.ts";
import { splitParts } from "../../src/remote/remoteScript.ts";
import { plainOutput } from "../../src/session/run/plainOutput.ts";
import { OscFilter } from "../../src/terminal/oscFilter.ts";
import { literal } from "../../src/text/markdownText.ts";
import { plainMessage } from "../../src/text/plainMessage.ts";
import { deafPrograms } from "../support/deafPrograms.ts";
import { attack, fuzz } from "./support/attackTest.ts";
import { breather } from "./support/breather.ts";
import { shapes } from "./support/remoteTextCases.ts";

/** Output of real servers: the fuzzers mix lines of it, so that they pass the first checks of a parser. */
const fixtures = join(import.meta.dirname, "..", "unit", "remote", "fixtures");
const realLines = readdirSync(fixtures).flatMap((file) =>
  readFileSync(join(fixtures, file), "utf8").split("\n"),
);

const piece = fc.oneof(
  fc.constantFrom(...Object.values(shapes)),
  fc.constantFrom(...realLines).chain((line) => fc.constantFrom(...line.split(/(?<=\s)/))),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("9".repeat(30), "-1", "1e999", "NaN", "__proto__", "constructor", "\0", "=", "1:Match all"),
);
const line = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...realLines) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...realLines), fc.nat(200), piece, fc.nat(60))
      .map(([real, at, inserted, cut]) => real.slice(0, at) + inserted + real.slice(at + cut)),
  },
  { weight: 2, arbitrary: fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")) },
);
const partNames = [
  ..."meta ss netstat sockstat fstat who w loginctl tty environ clock procstat ancestors effective".split(
    " ",
  ),
  ..."logind kernel unreadable results begin end".split(" "),
  ...["ps full", "ps busybox", "ps plain", "ps odd", "file /a", "include /b", "included /b", "tmout /c"],
];
const output = fc
  .array(fc.tuple(fc.constantFrom(...partNames), fc.array(line, { maxLength: 12 })), { maxLength: 12 })
  .map((parts) => parts.map(([name, lines]) => `BOUNDARY ${name}\n${lines.join("\n")}\n`).join(""));

const runs = Number(process.env["FUZZ_RUNS"] ?? 2000);

describe("random output of a server", () => {
  attack("is parsed and evaluated without an exception", fuzz, async () => {
    let rows = 0;
    await fc.assert(
      fc.asyncProperty(output, async (text) => {
        await breather();
        const parts = splitParts(text, "BOUNDARY");
        try {
          const facts = parseProbe(parts);
          rows += facts.processes.length + facts.logins.length + (facts.sockets?.length ?? 0);
          const sessions = buildSessions(facts, {
            limits: { idleSeconds: 1, settlingSeconds: 0, unansweredRetransmits: 1 },
          });
          // Only a process that the server listed with its start time is ever signalled.
          for (const { pid, startKey } of sessions.flatMap(({ targets }) => targets)) {
            expect(pid).toBeGreaterThan(1);
            expect(startKey).toMatch(/^(?:ticks|lstart):/);
          }
        } catch (error) {
          if (!RemoteViewError.is(error)) {
            throw error;
          }
        }
        parseKillResults(parts.flatMap(({ lines }) => lines));
      }),
      { numRuns: runs },
    );
    // The lines are valid enough to be used.
    expect(rows).toBeGreaterThan(runs / 100);
  });

  attack("gives timeouts that are numbers", fuzz, async () => {
    await fc.assert(
      fc.asyncProperty(output, async (text) => {
        await breather();
        const found = parseTimeouts(splitParts(text, "BOUNDARY"));
        for (const { value } of [
          found.clientAliveInterval,
          found.clientAliveCountMax,
          found.unusedConnectionTimeout,
        ]) {
          expect(Number.isFinite(value)).toBe(true);
        }
        for (const { seconds } of found.channelTimeouts.value) {
          expect(Number.isFinite(seconds)).toBe(true);
        }
      }),
      { numRuns: runs },
    );
  });

  attack("is escaped where it is shown", fuzz, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        await breather();
        const text = pieces.join("");
        const control = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
        expect(printable(text)).not.toMatch(control);
        expect(printableLines(text).replaceAll(/[\n\t]/g, "")).not.toMatch(control);
        expect(plainOutput(Buffer.from(text)).replaceAll(/[\n\t]/g, "")).not.toMatch(control);
        expect(plainMessage(text)).not.toMatch(/\]\(|\$\(/);
        expect(literal(text)).not.toMatch(/(?<!\\)[`*_[\]()|<>~$]/);
      }),
      { numRuns: runs },
    );
  });

  attack("reaches a terminal completely, except directories, in any chunks", fuzz, async () => {
    const marks = fc.constantFrom(
      "\u001b]7;file:///x\u0007",
      "\u001b]7;",
      "\u001b",
      "\u009d9;9;",
      "\u0007",
      "x",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(marks, piece), { maxLength: 30 }),
        fc.array(fc.nat(20)),
        async (pieces, cuts) => {
          await breather();
          const text = pieces.join("");
          const filter = new OscFilter(deafPrograms);
          let passed = "";
          let at = 0;
          for (const cut of [...cuts, text.length]) {
            passed += filter.filter(text.slice(at, at + cut));
            at += cut;
          }
          passed += filter.flush();
          expect(passed).not.toMatch(/\u001b\]7;[^\u0007\u0018\u001a\u001b\u0080-\u009f]*\u0007/);
          expect(passed.length).toBeLessThanOrEqual(text.length);
        },
      ),
      { numRuns: runs },
    );
  });
});
