import { expect, test } from "vitest";
import { parseForward } from "../../../src/config/forwardSpec.ts";
import { withForward } from "../../../src/forward/forwardEntries.ts";

const forward = (text: string, host = "web1") => ({ host, spec: parseForward(text) });

test("a forward is saved in a new entry for its host, behind those that are there", () => {
  const others = [{ pattern: "*.lab", linger: 5 }, "not an entry"];
  expect(withForward(others, forward("8080:db:5432"))).toEqual([
    ...others,
    { pattern: "web1", forwards: ["-L 8080:db:5432"] },
  ]);
});

test("a host's entry keeps its values, its forwards, and the place in which it stands", () => {
  const entries = [{ pattern: "web1", linger: 5, forwards: ["-D 1080"] }, { pattern: "db1" }];
  expect(withForward(entries, forward("8080:db:5432"))).toEqual([
    { pattern: "web1", linger: 5, forwards: ["-D 1080", "-L 8080:db:5432"] },
    { pattern: "db1" },
  ]);
});

test("a forward that is saved already is not saved twice", () => {
  const entries = [{ pattern: "web1", forwards: ["-L 8080:db:5432"] }];
  expect(withForward(entries, forward("8080:db:5432"))).toEqual(entries);
});

test("a typed host is saved by its name, which entries match", () => {
  expect(withForward([], forward("-D 1080", "me@web1:2222"))).toEqual([
    { pattern: "web1", forwards: ["-D 1080"] },
  ]);
});
