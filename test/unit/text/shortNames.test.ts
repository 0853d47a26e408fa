import { describe, expect, it } from "vitest";
import { shortNames, tightNames } from "../../../src/text/shortNames.ts";

const two = (n: number): string => String(n).padStart(2, "0");
const numbered = (count: number, name: (n: string) => string): readonly string[] =>
  Array.from({ length: count }, (_, n) => name(two(n + 1)));
const shown = (names: readonly string[]): readonly string[] => [...shortNames(names).values()];

describe("names in a narrow side bar", () => {
  it("are complete if they are short, or of medium length with no similar name beside them", () => {
    const names = ["web1", "db-2", "root@10.0.0.1", "gateway.lab.example.com"];
    expect(shown(names)).toEqual(names);
    expect(shown([])).toEqual([]);
  });

  it("are cut in the middle if they are long with no similar name beside them", () => {
    expect(
      shown([
        "one-host-alone.of-its.example.com",
        "customer-portal-production-europe-west-frontend-blue-0042-new",
        "me@[2001:db8:85a3:8d3:1319:8a2e:370:7348]:2222",
      ]),
    ).toEqual(["one-host-alo…example.com", "customer-p…blue-0042-new", "2001:db8:8…8a2e:370:7348"]);
  });

  it.each([
    ["without user and port", ["root@127.0.0.1:28934"], ["127.0.0.1"], ["127.0.0.1"]],
    [
      "without the user before the host is cut",
      ["admin@very-long-name.staging.example.com"],
      ["very-long-na…example.com"],
      ["very…com"],
    ],
    ["an IPv6 address", ["[2001:db8::1]:22"], ["2001:db8::1"], ["2001:db8::1"]],
    [
      "with the port, if only it differs",
      ["root@127.0.0.1:28934", "root@127.0.0.1:28935"],
      ["127.0.0.1:28934", "127.0.0.1:28935"],
      ["127…28934", "127…28935"],
    ],
    [
      "with the user, if only it differs",
      ["root@build.example.com:2222", "admin@build.example.com:2222"],
      ["root@build.example.com", "admin@build.example.com"],
      ["root…com", "admin…com"],
    ],
    [
      "with user and port, if both are needed",
      ["root@db.lan:2222", "ops@db.lan:2222", "ops@db.lan:2223"],
      ["root@db.lan:2222", "ops@db.lan:2222", "ops@db.lan:2223"],
      ["root…2222", "ops…2222", "ops…2223"],
    ],
    [
      "with the port of an IPv6 address beside the same address",
      ["root@[2001:db8::1]:2222", "2001:db8::1"],
      ["[2001:db8::1]:2222", "2001:db8::1"],
      ["[200…2222", "2001:db8::1"],
    ],
    [
      "with the user beside a short name of the same host",
      ["me@db", "administrator@db"],
      ["me@db", "administrator@db"],
      ["me@db", "admini…db"],
    ],
    [
      "without either, if a short name with another host is beside it",
      ["db", "administrator@db2.lan:22"],
      ["db", "db2.lan"],
      ["db", "db2.lan"],
    ],
  ])("show of a typed host its host: %s", (_, names, usual, beside) => {
    expect([shown(names), [...tightNames(names).values()]]).toEqual([usual, beside]);
  });

  it("keep the user and the port if the host is the name of another row", () => {
    const typed = ["administrator@build1:2222", "root@127.0.0.1:28934"];
    expect([...shortNames(typed, ["build1"]).values()]).toEqual(["build1:2222", "127.0.0.1"]);
  });

  it("are cut shorter beside a state, and still differ", () => {
    const names = [
      "root@customer-portal-staging.internal.example.com:2222",
      "root@customer-portal-testing.internal.example.com:2222",
      "root@[2001:db8:85a3:8d3:1319:8a2e:370:7348]:2222",
      "root@[2001:db8:85a3:8d3:1319:8a2e:370:7349]:2222",
      "root@192.168.178.201",
      "root@127.0.0.1:43211",
      "gateway-prod",
      "web1",
    ];
    const short = [...tightNames(names).values()];
    expect(short).toEqual([
      ...["…staging", "…testing", "…370:7348", "…370:7349"],
      ...["192.1…201", "127.0.0.1", "gate…prod", "web1"],
    ]);
    for (const text of short) {
      expect(text.length).toBeLessThanOrEqual(9);
    }
  });

  it("begin with the differing part", () => {
    expect(shown(numbered(3, (n) => `prod-eu-west-1-frontend-web-${n}.example.com`))).toEqual([
      "…web-01",
      "…web-02",
      "…web-03",
    ]);
    expect(shown(["customer-alpha-eu-app", "customer-beta-eu-app"])).toEqual([
      "customer-alpha-eu-app",
      "customer-beta-eu-app",
    ]);
    expect(shown(["me@jump.example.com:2201", "me@jump.example.com:2202"])).toEqual([
      "jump…com:2201",
      "jump…com:2202",
    ]);
  });

  it("omit a common end if the beginning differs", () => {
    expect(shown(["alpha.internal.example-company.com", "beta.internal.example-company.com"])).toEqual([
      "alpha.internal.example…",
      "beta.internal.example…",
    ]);
  });

  it("keep the part in the middle that distinguishes them", () => {
    const names = [
      ...numbered(3, (n) => `prod-eu-west-1-frontend-web-${n}.example.com`),
      ...numbered(3, (n) => `prod-us-west-1-frontend-web-${n}.example.com`),
    ];
    expect(shown(names)).toEqual([
      ...["…eu…web-01", "…eu…web-02", "…eu…web-03"],
      ...["…us…web-01", "…us…web-02", "…us…web-03"],
    ]);
  });

  it("differ among the first letters, whatever the names", () => {
    const sets: readonly (readonly string[])[] = [
      numbered(60, (n) => `prod-eu-west-1-frontend-web-${n}.example.com`),
      numbered(60, (n) => `ip-10-20-30-${n}.eu-west-1.compute.internal`),
      ["eu", "us", "ap"].flatMap((region) =>
        ["web", "db"].flatMap((role) =>
          numbered(5, (n) => `production-${region}-company-${role}-server-${n}`),
        ),
      ),
      numbered(99, (n) => `averyveryverylongnamewithoutanything${n}`),
      ["a-b-c-d-e-f-g-h-i-j-k-l-m", "a-b-c-d-e-f-g-h-i-j-k-l-n", "a-b-c-d-e-f-g-h-i-j-k-l"],
      ["x-…-long-name-with-a-gap-1", "x-…-long-name-with-a-gap-2"],
      ["--------------------------1", "--------------------------2"],
    ];
    for (const names of sets) {
      const short = shown(names);
      expect(new Set(short).size, names[0]).toBe(names.length);
    }
    for (const names of sets) {
      const heads = shown(names).map((short) => short.slice(0, 15));
      expect(new Set(heads).size, `${names[0]}: ${heads.join(" ")}`).toBe(names.length);
    }
  });

  it("are complete if there are thousands: shortening would take seconds", () => {
    const names = Array.from({ length: 10_000 }, (_, n) => `prod-eu-rack-machine-number-${n}.example.com`);
    expect(shown(names)).toEqual(names);
    expect(shown(names.slice(0, 2000))[0]).toBe("…number-0");
  });
});
