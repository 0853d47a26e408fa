import { describe, expect, it } from "vitest";
import { parseForward } from "../../../../src/config/forwardSpec.ts";
import { forwardChoices } from "../../../../src/vscode/prompts/forwardChoices.ts";

const labels = (
  typed: string,
  configured: readonly string[] = [],
  existing: readonly string[] = [],
  earlier: readonly string[] = [],
  kind: "listening" | "stopped" = "listening",
) =>
  forwardChoices(
    typed,
    "web1",
    configured.map(parseForward),
    earlier.map(parseForward),
    existing.map((text) => ({ spec: parseForward(text), state: { kind, since: 0 } })),
  ).map(({ label }) => label);

describe("the choices of Forward Port…", () => {
  it("show the beginning of each kind while nothing is typed", () => {
    expect(labels("")).toEqual([
      "8080:localhost:8080",
      "unix:/run/docker.sock",
      "-L 8080:localhost:8080",
      "-R 8080:localhost:8080",
      "-D 1080",
    ]);
  });

  it("do not repeat the typed text", () => {
    expect(labels("5432")).toEqual(["-L 5432:localhost:5432"]);
    expect(labels("5432:localhost:5432")).toEqual(["-L 5432:localhost:5432"]);
  });

  it("complete the typed beginning", () => {
    expect(labels("-R 90")).toEqual(["-R 90", "-R 90:localhost:90"]);
    expect(labels("unix:/r")).toContain("unix:/run/docker.sock");
  });

  it("offer nothing invalid", () => {
    expect(labels("99999")).toEqual(["99999"]);
    expect(forwardChoices("99999", "web1", [], [], [])[0]?.icon).toBe("warning");
  });

  it("offer what was typed before, newest first and once, before everything else", () => {
    const earlier = ["7001:db:7001", "-D 1081"];
    expect(labels("", ["7000:db:7000", "7001:db:7001"], [], earlier).slice(0, 4)).toEqual([
      "-L 7001:db:7001",
      "-D 1081",
      "-L 7000:db:7000",
      "8080:localhost:8080",
    ]);
    expect(forwardChoices("", "web1", [], [parseForward("-D 1081")], [])[0]?.isTyped).toBe(true);
    expect(labels("70", [], [], earlier)).toContain("-L 7001:db:7001");
    expect(labels("-D", [], [], earlier)).toEqual(["-D", "-D 1081", "-D 1080"]);
  });

  it("leave out those that run, not those that are stopped", () => {
    const text = "7001:db:7001";
    expect(labels("", [], [text], [text])).not.toContain(`-L ${text}`);
    expect(labels("", [], [text], [text], "stopped")[0]).toBe(`-L ${text}`);
  });

  it("offer forwards of ssh_config that do not run yet", () => {
    expect(labels("", ["7000:db:7000"])[0]).toBe("-L 7000:db:7000");
    expect(labels("", ["7000:db:7000"], ["7000:db:7000"])).not.toContain("-L 7000:db:7000");
  });
});
