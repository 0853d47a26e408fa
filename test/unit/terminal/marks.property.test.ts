import fc from "fast-check";
import { expect, test } from "vitest";
import { FlowController } from "../../../src/terminal/flowController.ts";
import { ReplyFilter } from "../../../src/terminal/marks.ts";
import { utf8Codec } from "../../../src/terminal/streamingDecoder.ts";
import { TerminalScreen } from "../../../src/terminal/terminalScreen.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { Screen } from "./support/screen.ts";
import { byteStream, chunkSizes, cut } from "./support/streams.ts";

const seed = 7;

test("marks change neither screen nor scrollback, modes or a program's own replies, wherever the bytes are split", async () => {
  let marksSeen = 0;
  await fc.assert(
    fc.asyncProperty(byteStream, chunkSizes, fc.integer({ min: 1, max: 40 }), async (bytes, sizes, step) => {
      const plain = new Screen();
      const marked = new Screen();
      const filter = new ReplyFilter();
      const program: string[] = [];
      let marks = 0;
      let answers = 0;
      const flow = new FlowController(
        {
          clock: new ManualClock(),
          write: (text) => {
            marks += text.match(/\u001b\[\?\d{10}\$p/g)?.length ?? 0;
            marked.terminal.write(text);
          },
          pause: () => {},
          resume: () => {},
        },
        { limits: { step } },
      );
      marked.terminal.onData((data) => {
        const { text, acknowledged } = filter.filter(data, flow.outstanding);
        answers += acknowledged.length;
        for (const index of acknowledged) {
          flow.acknowledge(index);
        }
        if (text.length > 0) {
          program.push(text);
        }
      });
      const decoder = utf8Codec.createDecoder();
      for (const chunk of cut(bytes, sizes)) {
        const text = decoder.write(chunk);
        flow.write(text);
        plain.terminal.write(text);
      }
      const rest = decoder.end();
      flow.write(rest);
      await Promise.all([marked.write(""), plain.write(rest)]);
      marksSeen += answers;
      expect(answers).toBe(marks);
      expect(flow.outstanding).toBe(false);
      expect(filter.holding).toBe(false);
      expect(program).toEqual(plain.replies);
      expect(marked.dump()).toBe(plain.dump());
      flow.dispose();
      plain.dispose();
      marked.dispose();
    }),
    { seed, numRuns: 250 },
  );
  // A property over streams without a single mark would prove nothing.
  expect(marksSeen).toBeGreaterThan(1000);
}, 60_000);

test("neither does holding frames back, wherever the output stalls, and in the end everything is drawn", async () => {
  let holds = 0;
  let stalls = 0;
  const pauses = fc.array(fc.constantFrom(0, 0, 0, 5, 30, 60, 150), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(byteStream, chunkSizes, pauses, async (bytes, sizes, times) => {
      const plain = new Screen();
      const paced = new Screen();
      const clock = new ManualClock();
      const program: string[] = [];
      const ours = new TerminalScreen(
        {
          clock,
          columns: () => 40,
          write: (text) => {
            holds += text.match(/\u001b\[\?2026h/g)?.length ?? 0;
            paced.terminal.write(text);
          },
          pause: () => {},
          resume: () => {},
          input: (text) => program.push(text),
        },
        { step: 8, window: 16, smallestWindow: 16, largestWindow: 16, portion: 8, reserve: 4 },
      );
      paced.terminal.onData((data) => ours.receive(data));
      const decoder = utf8Codec.createDecoder();
      for (const [at, chunk] of [...cut(bytes, sizes)].entries()) {
        const text = decoder.write(chunk);
        ours.write(text);
        await Promise.all([paced.write(""), plain.write(text)]);
        const time = times[at % times.length] ?? 0;
        stalls += time > 40 ? 1 : 0;
        await clock.advance(time);
      }
      const rest = decoder.end();
      ours.write(rest);
      await Promise.all([paced.write(""), plain.write(rest)]);
      await clock.advance(200);
      await paced.write("");
      expect(program).toEqual(plain.replies);
      expect(paced.dump()).toBe(plain.dump());
      expect(clock.pendingTimers).toBe(0);
      ours.dispose();
      plain.dispose();
      paced.dispose();
    }),
    { seed, numRuns: 50 },
  );
  expect(holds).toBeGreaterThan(100);
  expect(stalls).toBeGreaterThan(100);
}, 120_000);
