import { expect, test } from "vitest";
import { parseForward } from "../../../src/config/forwardSpec.ts";
import { withForward } from "../../../src/forward/forwardEntries.ts";

const forward = (text: string, host = "web1") => ({ host, spec: parseForward(text) });

test("a forward is saved in a new entry for its host, after the existing ones", () => {
  const others = [{ pattern: "*.lab", linger: 5 }, "not an entry"];
  expect(withForward(others, forward("8080:db:5432"))).toEqual([
    ...others,
    { pattern: "web1", forwards: ["-L 8080:db:5432"] },
  ]);
});

test("a host's entry keeps its values, its forwards, and its position", () => {
  const entries = [{ pattern: "web1", linger: 5, forwards: ["-D 1080"] }, { pattern: "db1" }];
  expect(withForward(entries, forward("8080:db:5432"))).toEqual([
    { pattern: "web1", linger: 5, forwards: ["-D 1080", "-L 8080:db:5432"] },
    { pattern: "db1" },
  ]);
});

test("a workspace's entry begins with the user's forwards of the host, which it would replace", () => {
  const user = [{ pattern: "web1", linger: 5, forwards: ["-D 1080"] }];
  const saved = [{ pattern: "web1", forwards: ["-D 1080", "-L 8080:db:5432"] }];
  expect(withForward([], forward("8080:db:5432"), user)).toEqual(saved);
  expect(withForward([{ pattern: "web1" }], forward("8080:db:5432"), user)).toEqual(saved);
  expect(withForward(saved, forward("8081:db:5432"), [{ pattern: "web1", forwards: ["-D 1"] }])).toEqual([
    { pattern: "web1", forwards: ["-D 1080", "-L 8080:db:5432", "-L 8081:db:5432"] },
  ]);
});

test.each([
  ["8080:db:5432", "-L 8080:db:5432"],
  ["8080:DB:5432", "-L 8080:db:5432"],
  ["8080", "8080:localhost:8080"],
  ["-L *:80:db:1", "-L :80:db:1"],
  ["-L [0:0:0:0:0:0:0:1]:80:[FE80::0:1]:1", "-L [::1]:80:[fe80::1]:1"],
  ["unix:/run/docker.sock", "-L 0:/run/docker.sock"],
  ["-D 1080", " -D1080"],
  ["-R 1080", "-R 1080"],
])("%s that is already saved as %s is not saved twice", (text, saved) => {
  const entries = [{ pattern: "web1", forwards: ["no forward", 5, saved] }];
  expect(withForward(entries, forward(text))).toEqual(entries);
});

test("a different forward is added to the entry", () => {
  const saved = ["-L 8080:db:5432", "-R 8080:db:5432", "-D 8080"];
  const entries = [{ pattern: "web1", forwards: saved }];
  // Without an address, GatewayPorts decides, so `localhost` is not the same.
  expect(withForward(entries, forward("localhost:8080:db:5432"))).toEqual([
    { pattern: "web1", forwards: [...saved, "-L localhost:8080:db:5432"] },
  ]);
});

test("a typed host is saved by its name, which entries match", () => {
  expect(withForward([], forward("-D 1080", "me@web1:2222"))).toEqual([
    { pattern: "web1", forwards: ["-D 1080"] },
  ]);
});
