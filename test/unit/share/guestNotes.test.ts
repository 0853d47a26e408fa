import { expect, test } from "vitest";
import { Emitter } from "../../../src/base/emitter.ts";
import { aliveInterval, decodeNote } from "../../../src/engine/mux/windowProtocol.ts";
import { GuestNotes } from "../../../src/share/guestNotes.ts";
import type { ProgramSnapshot } from "../../../src/share/programTypes.ts";
import { ManualClock } from "../../support/manualClock.ts";

const program = (bytesIn: number): ProgramSnapshot => ({
  ...{ id: "p1", masterId: "m1", name: "git", pid: 7, since: 1 },
  channels: [{ type: "session", command: "uptime", bytesIn, bytesOut: 0 }],
});

function notes(withPrograms = true) {
  const clock = new ManualClock();
  const changed = new Emitter<void>();
  const said: string[] = [];
  let programs: readonly ProgramSnapshot[] = [];
  const guest = new GuestNotes(
    {
      hello: () => ({ key: "", name: "", pid: 1 }),
      greeted: () => true,
      received: () => {},
      others: () => [],
      onDidChangeOthers: new Emitter<void>().event,
      ...(withPrograms && {
        programs: { programs: () => programs, onDidChange: changed.event, end: () => {} },
      }),
    },
    clock,
    (bytes) => {
      const note = decodeNote(bytes);
      said.push(
        note?.kind === "programs"
          ? `programs ${note.programs.map(({ channels }) => channels[0]?.bytesIn).join(",")}`
          : String(note?.kind),
      );
    },
  );
  const set = (next: readonly ProgramSnapshot[]): void => {
    programs = next;
    changed.fire();
  };
  return { clock, said, set, guest, taken: () => said.splice(0) };
}

test("programs are said when they change, several changes at once, and nothing is said twice", async () => {
  const { clock, set, taken, guest } = notes();
  expect(taken()).toEqual(["alive", "others"]);
  set([program(1)]);
  set([program(2)]);
  expect([taken(), clock.pendingTimers]).toEqual([[], 2]);
  await clock.advance(200);
  expect(taken()).toEqual(["programs 2"]);
  set([program(2)]);
  await clock.advance(200);
  expect(taken()).toEqual([]);
  set([]);
  await clock.advance(200);
  expect(taken()).toEqual(["programs "]);
  guest.dispose();
  expect(clock.pendingTimers).toBe(0);
});

test("their traffic, which fires no event, is said with the note that the window is alive", async () => {
  const { clock, set, taken, guest } = notes();
  let bytes = 1;
  const growing: ProgramSnapshot = {
    ...program(0),
    get channels() {
      return program(bytes).channels;
    },
  };
  set([growing]);
  await clock.advance(200);
  expect(taken()).toContain("programs 1");
  bytes = 9;
  await clock.advance(aliveInterval);
  expect(taken()).toEqual(["alive", "programs 9"]);
  guest.dispose();
});

test("a holder that tells no programs says none", async () => {
  const { clock, taken, guest } = notes(false);
  await clock.advance(aliveInterval);
  expect(taken()).toEqual(["alive", "others", "alive"]);
  guest.dispose();
});
