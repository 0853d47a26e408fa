import { expect, it } from "vitest";
import type { ServerWords } from "../../../../src/engine/connectionEngine.ts";
import { ServerTalk } from "../../../../src/engine/transport/serverTalk.ts";
import { RecordingLogger } from "../../../support/recordingLogger.ts";

it("a long banner leaves room for the instructions after it and for the reason of the end", () => {
  const shown: ServerWords[] = [];
  const talk = new ServerTalk(new RecordingLogger(), (words) => shown.push(words));
  for (let part = 0; part < 10; part++) {
    talk.say("banner", "A legal notice that nobody reads.\n".repeat(100));
  }
  talk.say("instruction", "Approve on your phone: https://example.org/device");
  talk.say("proxy", "tunnel is up");
  talk.say("disconnect", "No approval came");
  expect(shown.filter(({ source }) => source !== "banner")).toEqual([
    { source: "instruction", text: "Approve on your phone: https://example.org/device" },
    { source: "proxy", text: "tunnel is up" },
    { source: "disconnect", text: "No approval came" },
  ]);
});

it("each kind of text is bounded", () => {
  const shown: ServerWords[] = [];
  const talk = new ServerTalk(new RecordingLogger(), (words) => shown.push(words));
  for (const source of ["banner", "instruction", "proxy"] as const) {
    for (let part = 0; part < 1000; part++) {
      talk.say(source, "line\n".repeat(50));
    }
  }
  const lines = shown.flatMap(({ text }) => text.split("\n"));
  expect(lines.length).toBeLessThanOrEqual(3 * 200);
});
