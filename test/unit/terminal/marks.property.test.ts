import fc from "fast-check";
import { expect, test } from "vitest";
import { FlowController } from "../../../src/terminal/flowController.ts";
import { ReplyFilter } from "../../../src/terminal/marks.ts";
import { utf8Codec } from "../../../src/terminal/streamingDecoder.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { Screen } from "./support/screen.ts";
import { byteStream, chunkSizes, cut } from "./support/streams.ts";

const seed = 7;

test("marks change neither screen nor scrollback, modes or a program's own replies, however the bytes are cut", async () => {
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
            marks += text.match(/\u001b\[\?7\d{6}\$p/g)?.length ?? 0;
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
  // A property over streams in which no mark ever found a place would prove nothing.
  expect(marksSeen).toBeGreaterThan(1000);
}, 60_000);
